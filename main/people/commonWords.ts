// Words that everybody tries first: those known from lists of guessed and leaked passwords, names, seasons, teams, plants and their parts.
// Endings, capitals, figures for letters and walks over the keyboard are not written out: passphrase.ts knows them.

const WORDS = `
password passwort passphrase kennwort passwd pass passcode passkey motdepasse contrasena contrasenya senha parola wachtwoord losenord
haslo heslo jelszo salasana adgangskode sifre losung geheim secret secreto segreto hemmelig hidden private privat access zugang entry enter
login logon signin logmein letmein letme open opensesame sesame welcome willkommen bienvenue bienvenido benvenuto welkom hello hallo
hola salut ciao hey hi goodbye bye please bitte thanks thankyou danke merci gracias changeme change changethis changeit default standard
temp temporary tmp test testing tester tested demo sample example beispiel guest gast user username benutzer client customer kunde account
konto admin administrator administrador amministratore root superuser super supervisor sysadmin system sysop operator bediener manager
owner master meister boss chef director security sicherheit secure safe safety trust trustno noone nobody someone nothing something
everything anything whatever forever never always love loveyou iloveyou iloveu ilove loveme lover lovers lovely liebe amour amor amore
tequiero teamo jetaime ichliebedich heart hearts herz kiss kisses hug hugs baby babygirl babyboy babe sweetheart sweet sweetie sweety honey
honeybee darling schatz schatzi liebling mausi hase angel angels angelo engel princess prinzessin princesa prince prinz queen king kings
lady ladies girl girls boy boys man men woman women mother mom mum mama mutter father dad daddy papa vater sister brother bruder schwester
family familie familia friend friends freund freunde amigo amigos wife husband son daughter child children kid kids grandma grandpa oma opa
qwert qwerty qwertz azerty asdf zxcv yxcv abc abcd abcde abcdef wasd zaq xsw cde qaz wsx edc
monkey dragon tiger lion lions leopard panther panthers puma jaguar cheetah bear bears teddy teddybear wolf wolves fox foxy eagle eagles
falcon falcons hawk hawks raven ravens owl bird birds swan duck ducky goose chicken rooster turkey cat cats kitty kitten kitties pussy katze
kater dog dogs doggy puppy hund hunde wolfgang horse horses pferd pony stallion mustang mustangs bronco broncos colt cow bull bulls bulldog
bulldogs buffalo ox pig piggy sheep goat lamb rabbit bunny hamster mouse mice maus rat snake cobra viper python lizard turtle tortoise frog
froggy toad fish fishes fishing shark sharks whale dolphin dolphins delfin penguin penguins spider spiderman bee butterfly ladybug ant
scorpion crab lobster elephant giraffe zebra hippo rhino kangaroo koala panda gorilla ape dinosaur rex unicorn phoenix griffin animal animals
football footballer fussball soccer baseball basketball softball volleyball handball hockey tennis golf golfer golfing cricket rugby boxing
boxer wrestling karate judo racing racer race runner running marathon cycling bike biker bicycle skate skater skateboard ski skiing snowboard
surf surfer surfing swim swimmer swimming dance dancer dancing gym fitness sport sports team winner champion champions goal striker
yankees yankee cowboys cowboy steelers packers patriots raiders redskins giants dodgers lakers celtics warriors rangers flyers arsenal chelsea
liverpool manchester manutd united everton tottenham spurs celtic barcelona barca madrid realmadrid juventus milan inter napoli roma lazio
bayern bayernmuenchen borussia dortmund schalke hamburg werder bremen hertha frankfurt stuttgart leverkusen gladbach ajax feyenoord psv
benfica porto sporting flamengo corinthians palmeiras santos river boca galatasaray fenerbahce besiktas messi ronaldo neymar beckham maradona
pele zidane schumacher senna hamilton verstappen federer nadal jordan lebron kobe tiger
superman batman spiderman ironman wonderwoman catwoman hulk thor loki avengers avenger marvel joker robin wolverine xmen captain america
starwars star wars starwar skywalker luke vader darth darthvader yoda jedi sith chewbacca hansolo leia stormtrooper startrek trek spock kirk
enterprise picard matrix neo trinity morpheus harry harrypotter potter hermione dumbledore hogwarts gandalf frodo aragorn legolas gollum
hobbit lordoftherings rings mordor tolkien terminator rocky rambo bond jamesbond indiana jones gladiator titanic avatar shrek nemo simba
mickey minnie mickeymouse donald donaldduck goofy pluto bambi dumbo tarzan pinocchio cinderella aladdin ariel belle elsa anna olaf frozen
disney pixar simpson simpsons homer bart lisa marge snoopy garfield scooby scoobydoo tweety bugs bunny daffy popeye smurf asterix obelix tintin
pokemon pikachu charizard digimon naruto sasuke goku vegeta dragonball onepiece bleach sailormoon hellokitty anime manga mario luigi yoshi
zelda link sonic tetris pacman minecraft fortnite roblox warcraft worldofwarcraft starcraft diablo halo quake doom counterstrike callofduty
battlefield assassin skyrim fallout overwatch league legends leagueoflegends dota steam gamer games game gaming player play playing playstation
nintendo xbox sega atari gameboy cheater hacker hacked hack hacking cracker matrix cyber cyberpunk
metallica nirvana slipknot acdc queen beatles rolling stones pinkfloyd floyd ledzeppelin zeppelin ironmaiden maiden rammstein linkinpark
korn greenday blink offspring eminem tupac rihanna beyonce madonna elvis presley jackson michaeljackson prince bowie abba depeche mode radiohead
coldplay oasis muse marley bobmarley bieber justinbieber taylorswift swift shakira blackpink music musik musica guitar gitarre piano drums
drummer bass violin trumpet rock rocker rocknroll metal heavymetal punk jazz blues hiphop rap rapper techno trance house reggae dj song singer
computer computers compaq dell lenovo toshiba samsung sony siemens bosch philips panasonic nokia motorola ericsson apple macbook iphone ipad
android google gmail yahoo hotmail outlook facebook instagram twitter tiktok whatsapp youtube linkedin skype zoom teams netflix spotify amazon
ebay paypal microsoft windows linux ubuntu debian redhat fedora unix solaris oracle mysql postgres postgresql sqlite database datenbank server
servers service services internet intranet network netzwerk router switch firewall cisco juniper wireless wifi wlan website web webmaster
email mail mailbox postmaster hostmaster domain host localhost office buero printer scanner monitor keyboard tastatur mousepad laptop notebook
desktop software hardware program programmer developer developers coder coding code java javascript python ruby perl php html docker
kubernetes cloud backup support helpdesk hotline info contact sales marketing finance accounting einkauf verkauf vertrieb technik techniker
outpost outposts station stations plant plants anlage anlagen werk werke works factory fabrik usine fabrica mill mine quarry foundry
workshop werkstatt warehouse lager halle hall building gebaeude gebaude site sites area zone control controls controller controlroom leitstand
leitwarte scada plc sps hmi rtu dcs modbus profibus profinet opcua bacnet mqtt knx siematic simatic step logo wincc citect wonderware ignition
schneider rockwell allenbradley abb honeywell emerson yokogawa omron mitsubishi beckhoff wago phoenixcontact festo danfoss grundfos wilo
sensor sensors actuator valve ventil pump pumpe pumps pumping motor motors engine engineer engineering ingenieur machine machines maschine
maschinen mechanic mechaniker electric electrical electrician elektriker elektro elektrik power powerplant energy energie strom gas oil water
wasser steam dampf heat heating heizung boiler kessel burner brenner furnace ofen cooling kuehlung chiller fan ventilation luftung lueftung air
compressor kompressor pressure druck temperature temperatur flow level tank silo conveyor belt crane kran robot robots robotic turbine
generator transformer inverter battery batterie solar wind windpark photovoltaik pv grid meter zaehler alarm alarms emergency notaus
maintenance wartung instandhaltung production produktion process prozess quality qualitaet industrial industry industrie automation
automatisierung remote gateway edge device devices geraet panel screen display terminal console shift schicht nightshift spaetschicht
fruehschicht chemical chemie steel stahl iron eisen copper kupfer aluminium metal wood holz paper papier plastic kunststoff concrete beton cement
zement refinery raffinerie brewery brauerei bakery baeckerei dairy molkerei hospital krankenhaus school schule university universitaet
company firma firmen business enterprise corporate gmbh holding group gruppe department abteilung
monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag sonntag lundi mardi mercredi jeudi
vendredi samedi dimanche lunes martes miercoles jueves viernes sabado domingo january february march april may june july august september
october november december januar februar maerz marz mai juni juli oktober dezember janvier fevrier mars avril juin juillet aout septembre
octobre novembre decembre enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre spring summer autumn fall
winter fruehling fruhling sommer herbst printemps ete automne hiver primavera verano otono invierno estate autunno inverno season morning
evening night midnight today tomorrow yesterday heute morgen gestern week month year weekend holiday holidays urlaub ferien vacation birthday
geburtstag christmas xmas weihnachten noel navidad natale easter ostern newyear silvester halloween valentine sunshine sunny sunrise sunset sun
sonne sonnenschein moon mond moonlight starlight stars stern sterne sky himmel heaven rain rainbow regenbogen storm thunder lightning blitz
donner snow schnee snowman snowball snowflake ice eis fire feuer flame earth erde ocean sea meer beach strand island insel lake see mountain
mountains berg berge hill valley forest wald tree trees baum garden garten flower flowers blume blumen rose roses rosen lily tulip daisy violet
orchid jasmine lavender sunflower sonnenblume grass leaf apple apples apfel banana bananas orange oranges lemon zitrone cherry kirsche
strawberry erdbeere raspberry blueberry melon watermelon peach peaches mango coconut grape pineapple ananas tomato kartoffel potato pepper
pfeffer salt salz sugar zucker honey butter cheese kaese bread brot pizza pasta spaghetti burger hamburger sushi taco chocolate schokolade
chocolat cookie cookies biscuit cake kuchen candy icecream vanilla caramel coffee kaffee espresso cappuccino tea beer bier wine wein vodka
whiskey whisky rum tequila cola cocacola pepsi fanta sprite redbull juice milk milch bacon chicken sausage schnitzel doener ketchup
red blue green yellow black white purple pink orange brown gray grey silver golden gold diamond diamonds crystal ruby emerald sapphire pearl
jade amber platinum bronze rot blau gruen gelb schwarz weiss rosa rouge bleu vert noir blanc rojo azul verde negro blanco
ferrari porsche mercedes mercedesbenz benz bmw audi volkswagen golf passat opel ford mustang chevy chevrolet corvette camaro dodge charger viper
jeep cadillac tesla toyota honda nissan mazda subaru hyundai kia volvo saab skoda seat renault peugeot citroen fiat alfaromeo lamborghini
bugatti maserati lexus jaguar landrover rover bentley mini harley davidson harleydavidson yamaha kawasaki suzuki ducati vespa truck trucker
auto autos car cars lkw driver fahrer train trains bahn zug airplane flugzeug pilot plane rocket rakete ship boat schiff sailor sailing captain
london paris berlin munich muenchen hamburg cologne koeln duesseldorf dresden leipzig hannover nuernberg vienna wien zurich zuerich bern geneva
basel rome venice florence naples athens lisbon amsterdam rotterdam brussels bruxelles copenhagen stockholm oslo helsinki warsaw warszawa krakow
prague praha budapest bucharest sofia istanbul ankara moscow moskau kiev kyiv odessa dublin edinburgh glasgow birmingham oxford cambridge newyork
brooklyn boston chicago dallas houston austin texas denver phoenix seattle portland california florida miami orlando atlanta georgia virginia
carolina alaska hawaii washington philadelphia detroit lasvegas vegas hollywood losangeles sanfrancisco sandiego toronto montreal vancouver
mexico brazil brasil argentina chile colombia peru cuba jamaica tokyo osaka japan china beijing shanghai hongkong singapore taiwan korea seoul
india indian delhi mumbai bombay bangalore pakistan karachi iran iraq israel jerusalem egypt cairo africa nigeria kenya australia sydney melbourne
brisbane perth newzealand auckland england britain scotland ireland irish wales germany german deutschland deutsch austria oesterreich
switzerland schweiz france french italia italy italian spain espana spanish portugal greece holland dutch nederland belgium denmark danmark
sweden sverige norway norge finland suomi poland polska polen czech hungary romania russia russian ukraine turkey tuerkei europe europa asia
american canada canadian world welt planet earth universe galaxy space mars venus jupiter saturn neptune mercury apollo zeus hera athena ares
artemis hermes hades poseidon hercules achilles spartan spartans sparta trojan troy atlas titan titans odin viking vikings freya ninja samurai
warrior knight knights ritter soldier soldat army navy marine marines airforce sniper hunter jaeger killer killers assassin pirate pirates
bandit gangster mafia godfather legend hero heroes champion maverick iceman goose rebel outlaw ranger scout shadow ghost phantom spirit demon
devil devils teufel satan lucifer hell hellfire evil dark darkness darkside vampire zombie witch wizard magic magician magical mystic mystery
merlin arthur excalibur camelot lancelot nicole michelle jessica jennifer ashley amanda samantha brittany stephanie melissa elizabeth
michael daniel matthew joshua andrew anthony christopher david james john robert joseph thomas william richard charles george kevin brian steven
edward jason justin brandon ryan eric jonathan jacob nicholas alexander alex alexandra alexis benjamin samuel patrick adam nathan zachary tyler
aaron jose juan carlos luis jorge miguel antonio francisco manuel pedro pablo diego javier fernando sergio ricardo eduardo roberto mario
marco andrea francesco giuseppe giovanni luca matteo paolo stefano alessandro lorenzo pierre jean jacques philippe francois nicolas laurent julien
sebastien olivier vincent antoine camille chloe lea manon marie sophie julie claire charlotte emma olivia sophia isabella mia ava emily madison
abigail chelsea rachel rebecca sarah laura hannah megan lauren kayla amber danielle katie katherine catherine kathrin victoria vanessa natalie
natasha tatiana svetlana olga irina elena ekaterina anastasia maria mariana gabriela gabriel daniela carolina valentina camila lucia martina
claudia monica monika veronica veronika patricia barbara susan susanne sandra sabine petra heike andreas angelika birgit ursula ingrid helga
gisela renate karin brigitte christine christina christian christiane stefanie stefan stephan thorsten torsten markus marcus martin matthias
mathias michaela juergen jurgen klaus dieter peter hans heinz helmut horst guenter gunter guenther manfred werner walter gerhard karl friedrich
fritz otto paul max moritz felix lukas lucas leon jonas finn noah elias luis tim tom ben jan niklas philipp philip fabian florian tobias
dominik sven bjorn lars nils ole kai uwe ralf rolf bernd bernhard frank holger jens joerg jorg oliver rainer reiner roland ruediger wolf
volker wilhelm heinrich johannes johann josef franz georg anton simon sebastian maximilian leonie lena lea lara laura julia katharina anna annika
antje nina jana janina jasmin vanessa melanie nadine nicole katja tanja anja silke ute eva hanna johanna emilia frieda mila clara greta ida
ali ahmed ahmad mohamed mohammed muhammad mustafa mehmet omar hassan hussein ibrahim yusuf fatima aisha leyla ayse emre murat can deniz
raj rahul amit priya anil sunil krishna ganesh shiva ram lakshmi kumar singh patel sharma wang zhang chen liu yang huang zhao ling ming wei
nguyen tran kim park lee choi suzuki tanaka sato ivan sergey sergei dmitry dmitri vladimir alexey aleksandr mikhail nikolai boris igor oleg
piotr pawel tomasz krzysztof andrzej marcin lukasz michal agnieszka katarzyna magda malgorzata joanna ewa jan jiri pavel petr tomas jakub
bailey buster charlie max buddy rocky jake jack cooper lucky lucy molly maggie sadie chloe sophie bella daisy ginger pepper oreo smokey shadow
tigger pooh winnie whiskers felix simba sammy samson toby oscar rusty sparky spot fluffy muffin cookie peanut pumpkin dakota sierra cheyenne
harley hunter morgan taylor jordan casey jamie kelly tracy kim chris pat sam terry robin leslie dana lynn marion
smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson anderson moore white harris clark
lewis robinson walker young allen wright scott torres hill green adams nelson baker hall rivera campbell mitchell carter roberts mueller
muller schmidt schneider fischer weber meyer wagner becker schulz hoffmann schaefer koch bauer richter klein wolf schroeder neumann schwarz
zimmermann braun krueger hofmann hartmann lange schmitt werner krause lehmann koehler herrmann koenig walter mayer huber kaiser fuchs lang
sexy sex sexsex hot hottie fuck fucker fucking fuckyou fuckoff shit bullshit asshole bitch bastard dick cock penis boobs tits naked porn porno
playboy hardcore love lust stupid idiot crazy cool awesome amazing great good best bester better super mega ultra turbo extreme ultimate perfect
beautiful pretty cute happy happiness smile smiley smiling funny fun lol lmao haha hahaha party disco club freedom liberty peace frieden hope hoffnung faith
believe dream dreams dreamer traum traeume life live living leben live alive dead death tod money geld dollar euro bitcoin crypto rich
million millionaire success winner win lucky luck gluck glueck lotto poker casino jackpot blackjack ace joker spades clubs number one two three
four five six seven eight nine ten eins zwei drei vier fuenf sechs sieben acht neun zehn uno dos tres first last second third
jesus jesuschrist christ christus christian god gott dios lord allah buddha church bible bibel blessed bless blessing grace gracie mercy glory
holy saint angel archangel gabriel michael david moses abraham isaac jacob joseph mary maria madonna amen pray prayer
test tests probe versuch versuche muster mustermann maxmustermann erika foo bar foobar baz lorem ipsum dummy fake asdfgh sample blank null
none empty void random zufall string number letter word words wort phrase correct horse battery staple correcthorsebatterystaple
the and you are for not with this that from have your all can was one our out get has him his how new now old see way who boy did its let
put say she too use an am as at be by do go he if in is it me my no of on or so to up us we a i
another long enough about after again any back because been before being below between both but down each few further here into just more most
other over own same some such than then there these they those through under until very what when where which while will would could should
their them were make made take come came gone know think want need look find give tell work call try ask feel leave keep begin show hear
run move believe bring happen write sit stand lose pay meet include continue set learn lead understand watch follow stop speak read spend
grow walk offer remember consider appear buy wait serve die send expect build stay fall cut reach kill remain
time people day thing part place case group problem hand eye fact point government number home house water room area story
street road city town village country state land book books page paper letter door window table chair lamp key keys lock locked unlock
purple silver monster cheese trouble jumping climbing pencil planet rocket cactus candle castle bridge tower church market corner
der die das und ich du er sie es wir ihr ist sind war hat haben sein werden nicht ein eine mein dein kein mit von zu auf fuer aus bei nach
asap xyz xxx zzz aaa qqq ooo
supersecret topsecret topsecrets mypassword mypass mylove mylife myspace mybaby mydog mycat myhome nopassword newpassword oldpassword
passwordless password1234 thisismypassword thepassword iamtheboss imthebest whocares whoami whoareyou idontknow dontknow idontcare forgetit
forgotten forget remember rememberme openup comein gohome getout getlost ilovemyself iloveme ilovegod iloveyousomuch iloveyoubaby
lovelovelove youandme loveforever truelove bestfriend bestfriends bff foreveryoung neveragain nevergiveup goodluck goodmorning goodnight
happybirthday happyday happydays merrychristmas sweetdreams hotchocolate lollipop jellybean gummybear babydoll barbie barbiegirl bigboy bigdog
bigdaddy bigmac bigred blackcat blackdog blackjack blacklabel bluebird bluemoon bluesky whitewolf redsox redrose redhot greenday goldfish
goldstar rainbow6 firebird firefly fireball firefox firefighter starfish stargate stardust starcraft moonshine sunflower sunnyday
daydream nightmare midnight twilight blizzard thunderbird thunderbolt hurricane tornado volcano avalanche waterfall riverside lakeside
seaside hillside mountainbike snowboarder skateboarder motorcycle motorbike motocross formula1 racecar hotrod hotwheels speedway
administrator1 administration superadmin siteadmin localadmin netadmin dbadmin webadmin sysdba sqladmin poweruser public supervisor1 field
fieldservice servicetech maintenance1 installer install setup configure config factorydefault
`;

let words: ReadonlySet<string> | undefined;
/** Read on first use: nobody chooses a passphrase while the station starts. */
export function commonWords(): ReadonlySet<string> {
  words ??= new Set(WORDS.split(/\s+/).filter((word) => word !== ''));
  return words;
}
