"""The ports asked of a town's machines, by danger: each line holds numbers, a space, and the French name.

Chosen from what the programs and appliances listen on by default: the IANA register, and the vendors' own
administration guides. Where one number serves several products, the name says the likeliest in a town, or both.
A product that is innocent on a number keeps the number out of the dangerous classes.
"""

from collections.abc import Mapping

TCP: Mapping[str, str] = {
    "remote-desktop": """\
3389 Bureau à distance Windows
3388,3390-3399,4389,13389,23389,33389,33890-33893,43389,53389,63389 Bureau à distance Windows (port déplacé)
3350 ouverture de session xrdp
5900-5910 prise de main VNC
5800-5810 prise de main VNC par le navigateur
5500 prise de main VNC appelée par le poste
3283 Bureau à distance Apple
6000-6002 affichage à distance X11
1494 bureau distant Citrix
2598 bureau distant Citrix (session conservée)
4172 bureau distant PCoIP
22443 bureau distant VMware Horizon
32111 bureau distant VMware Horizon (clés USB)
42966 bureau distant HP
""",
    "remote-maintenance": """\
5938 télémaintenance TeamViewer
7070 télémaintenance AnyDesk
6568 télémaintenance AnyDesk (lien direct)
4899 télémaintenance Radmin
6129 télémaintenance DameWare
5985 administration à distance de Windows
5986 administration à distance de Windows (chiffrée)
47001 administration à distance de Windows (service local)
8040 télémaintenance ScreenConnect (page)
8041 télémaintenance ScreenConnect (relais)
6783-6785 télémaintenance Splashtop
21114 télémaintenance RustDesk (console)
21115-21116 télémaintenance RustDesk (rendez-vous)
21117 télémaintenance RustDesk (relais)
21118-21119 télémaintenance RustDesk (navigateur)
5405 télémaintenance NetSupport
5650 télémaintenance Remote Utilities
5655 télémaintenance Remote Utilities (serveur)
5931 télémaintenance Ammyy Admin
7615 télémaintenance ISL Online
5721 télémaintenance Kaseya
6502 télémaintenance Netop, ou sauvegarde Arcserve
1970 télémaintenance Netop (ancienne)
5631,65301 télémaintenance pcAnywhere (abandonnée)
1547 télémaintenance Laplink
2701 prise de main Microsoft SCCM
9593-9595 gestion des postes LANDesk
8027 gestion des postes ManageEngine (ordres)
8383 gestion des postes ManageEngine (console)
11100 prise de main Veyon (salle informatique)
11200 prise de main Veyon (écran)
11300 prise de main Veyon (commandes)
11400 prise de main Veyon (démonstration)
1978 souris et clavier à distance Remote Mouse
9510,9512 souris et clavier à distance Unified Remote
24800 souris et clavier partagés entre postes
3031 commandes à distance Apple
""",
    "file-sharing": """\
445 partage de fichiers Windows
139 partage de fichiers Windows (ancien)
135 appels de procédures Windows
137 noms de machines Windows (ancien)
593 appels de procédures Windows par le web
5722 copie de fichiers entre serveurs Windows
2049 partage de fichiers NFS
111 annuaire de services NFS
635,892,20048 montage de partages NFS
4045,32803 verrous de fichiers NFS
548 partage de fichiers Apple
524 partage de fichiers Novell
873 copie de fichiers rsync
860,3260 disques en réseau iSCSI
10809 disque en réseau NBD
5005 partage de fichiers Synology
5006 partage de fichiers Synology (chiffré)
6690 synchronisation de fichiers Synology
2077 partage de fichiers cPanel
2078 partage de fichiers cPanel (chiffré)
22000 synchronisation de fichiers Syncthing
24007-24008 stockage réparti GlusterFS
7789 copie de disques entre serveurs DRBD
""",
    "admin": """\
22 console d'administration SSH
222,2022,2200,2222,8022,10022,22022,22222 console d'administration SSH (port déplacé)
830 configuration d'équipements réseau
541 administration centralisée du pare-feu
703 liaison entre pare-feu Fortinet
8013 gestion des postes Fortinet
1300 administration du pare-feu
1754 administration centralisée Stormshield
4443 page d'administration
4444 page d'administration
8305 administration centralisée du pare-feu Cisco
1741 administration réseau Cisco
3978 administration centralisée Palo Alto
18190,19009 console du pare-feu Check Point
18191-18192 gestion interne du pare-feu Check Point
18210-18211 certificats du pare-feu Check Point
256-257 liaison entre pare-feu Check Point
4117-4118 administration du pare-feu WatchGuard
4081 page d'administration Kerio Control
943 page d'administration du VPN OpenVPN
4786 installation automatique de commutateur
2601 console de routage
5000 page d'administration du serveur de fichiers
5001 page d'administration du serveur de fichiers
7547 télégestion de la box
30005 télégestion de la box (autre port)
37215,37443 administration de routeur Huawei
52869 administration de routeur (puce Realtek)
5431 administration de routeur (puce Broadcom)
32764 porte dérobée de routeurs Linksys et Netgear
8000 page d'administration
8080 page d'administration
8081 page d'administration
8291 administration de routeur
8728 administration de routeur
8729 administration de routeur (chiffrée)
8443 page d'administration
8888 page d'administration
9090 page d'administration
9443 page d'administration
10000 page d'administration de serveur
10443 page d'administration
11443 page d'administration UniFi
4343 page d'administration Aruba ou Trend Micro
8043 page d'administration des bornes TP-Link
29811,29814 gestion des bornes Wi-Fi TP-Link
8880 page d'administration Plesk
8447 mise à jour de Plesk
2082 hébergement cPanel
2083 hébergement cPanel (chiffré)
2086 administration de l'hébergement cPanel
2087 administration de l'hébergement cPanel (chiffrée)
98 administration Linux ancienne
311 administration de serveur Apple
625 annuaire de serveur Apple
6516 administration de serveurs Windows par le web
8172 publication de sites Windows
16000-16001 administration de FileMaker Server
4848 console d'administration GlassFish
9043,9060 console d'administration WebSphere
9990 console d'administration JBoss
2050 console d'administration Domino
1158 console d'administration Oracle
15672 console d'administration RabbitMQ
8161 console d'administration ActiveMQ
6082 console du cache web Varnish
8500 configuration de serveurs Consul
4505-4506 commande de serveurs Salt
8140 configuration de serveurs Puppet
8834 console de recherche de failles Nessus
8384 page d'administration Syncthing
953 commande du serveur de noms DNS
11334 console de l'antispam Rspamd
7071,9071 console de la messagerie Zimbra
4040 console de la messagerie Kerio
13291 console de l'antivirus Kaspersky
13299 console web de l'antivirus Kaspersky
2223 console de l'antivirus ESET
8059 console de l'antivirus Trend Micro
5038 commande du standard Asterisk
8021 commande du standard FreeSWITCH
50802,50804-50805,50808 administration du standard Avaya
35300 maintenance du standard Panasonic
""",
    "cleartext": """\
21 transfert de fichiers FTP
20 transfert de fichiers FTP (données)
2121 transfert de fichiers FTP (port déplacé)
23 console Telnet
2323 console Telnet
107 console Telnet (ancienne)
69 transfert de fichiers TFTP
115 transfert de fichiers ancien
540 échange de fichiers ancien (UUCP)
110 relève du courrier sans chiffrement
109 relève du courrier ancienne
106 changement de mot de passe du courrier
143 lecture du courrier sans chiffrement
220 lecture du courrier ancienne
389 annuaire sans chiffrement
1389,10389 annuaire sans chiffrement (port déplacé)
3268 annuaire Windows sans chiffrement
512 exécution à distance ancienne
513 connexion à distance ancienne
514 commandes à distance anciennes
543-544 connexion à distance ancienne (Kerberos)
1723 VPN PPTP dépassé
""",
    "database": """\
1433 base de données Microsoft SQL
1434 base de données Microsoft SQL
1435,2433,14330,14333 base de données Microsoft SQL (port déplacé)
2382-2383 base d'analyse Microsoft
5022 copie de base de données Microsoft SQL
1521 base de données Oracle
1522-1530 base de données Oracle (port déplacé)
2483 base de données Oracle (autre port)
2484 base de données Oracle (chiffrée)
3306 base de données MySQL
3307-3309,13306,33306 base de données MySQL (port déplacé)
33060 base de données MySQL (liaison récente)
4568 copie de base de données MariaDB
5432 base de données PostgreSQL
5433,15432 base de données PostgreSQL (port déplacé)
6432 relais de base de données PostgreSQL
5984 base de données CouchDB
6984 base de données CouchDB (chiffrée)
6379 base de données Redis
6380 base de données Redis (chiffrée)
16379 base de données Redis (entre serveurs)
26379 surveillance de base de données Redis
9200 base de recherche Elasticsearch
9201 base de recherche Elasticsearch (port déplacé)
9300 base de recherche Elasticsearch (entre serveurs)
9306,9312 base de recherche Sphinx
8983 base de recherche Solr
7700 base de recherche Meilisearch
11211 mémoire partagée memcached
27017 base de données MongoDB
27018-27019 base de données MongoDB (répartie)
28017 base de données MongoDB (page d'état)
27117 base de données UniFi
446 base de données IBM DB2 (accès distant)
523 base de données IBM DB2 (administration)
50000 base de données IBM DB2
8471 base de données IBM AS/400
9471 base de données IBM AS/400 (chiffrée)
3050 base de données Firebird
2638 base de données SQL Anywhere
4900-4902 base de données HFSQL (WinDev)
19812-19814 base de données 4D
1583 base de données Pervasive (SQL)
3351 base de données Pervasive
5003 base de données FileMaker
2399 base de données FileMaker (liaison ODBC)
1972 base de données InterSystems
9088-9089 base de données Informix
8086 base de mesures InfluxDB
9042 base de données Cassandra
9160 base de données Cassandra (ancien accès)
7199 administration de base Cassandra
7473-7474 base de données Neo4j (page)
7687 base de données Neo4j
11207,11210 base de données Couchbase
""",
    "industrial": """\
102 automate industriel
502 automate industriel
802 automate industriel (Modbus chiffré)
1502 automate industriel (Modbus, port déplacé)
789 automate Red Lion
1089-1091 bus de terrain Foundation
1217 automate CODESYS (passerelle)
2455 automate CODESYS ou WAGO
11740 automate CODESYS
6626 automate WAGO
1962,41100 automate Phoenix Contact
44818 automate Rockwell
5007 automate Mitsubishi
9600 automate Omron
18245-18246 automate General Electric
20256 automate Unitronics (eau)
20547 automate ProConOS
48898 automate Beckhoff
34962-34964 bus industriel PROFINET
34980 bus industriel EtherCAT
5094 capteurs industriels HART
2404 télégestion électrique
19998 télégestion électrique (chiffrée)
20000 télégestion de l'eau ou de l'énergie
1153 télérelève de compteurs
4840 échanges industriels OPC UA
4843 échanges industriels OPC UA (chiffrés)
5413 supervision industrielle Wonderware
20222 supervision industrielle Citect
12397,12399,12401 supervision industrielle IGSS
38080 supervision industrielle Iconics
5450 historique industriel PI
47808 gestion du bâtiment
1911 gestion du bâtiment Niagara
4911 gestion du bâtiment Niagara (chiffrée)
3011 administration de la gestion du bâtiment
5011 administration de la gestion du bâtiment (chiffrée)
1628-1629 bus du bâtiment LonWorks
3671 bus du bâtiment KNX
17756 capteurs Zigbee
771 convertisseur série en réseau Digi
30718 convertisseur série en réseau Lantronix
10001-10002 convertisseur série, télérelève ou alarme
1883 messages d'objets connectés (MQTT)
8883 messages d'objets connectés (MQTT chiffré)
5683 messages d'objets connectés (CoAP)
5684 messages d'objets connectés (CoAP chiffré)
1880 automatismes Node-RED
8123 domotique Home Assistant
6053 objet connecté ESPHome
55443 éclairage connecté Yeelight
41794-41795 équipement de salle Crestron
1319 équipement de salle AMX
4352 vidéoprojecteur
7142 écran d'affichage NEC
9761 écran d'affichage LG
3052,6547-6549 onduleur APC
3551 onduleur APC (état)
3493 onduleur
4679-4680 onduleur Eaton
""",
    "print-camera": """\
515 imprimante
631 imprimante
9100 imprimante
9104-9107 imprimante (sortie supplémentaire)
3910 imprimante HP (demandes)
3911 imprimante HP (état)
7627 imprimante HP (services web)
9220,9290 scanner d'imprimante HP
8611-8613 imprimante Canon
1865 scanner Epson
3289 imprimante Epson
54921 scanner Brother
6566 scanner partagé
9191-9193 gestion des impressions PaperCut
554 caméra
8554 caméra
555,1554,5541,5554,8555,10554 caméra (port déplacé)
322 caméra (flux chiffré)
1756 caméra Bosch
7660 caméra Hikvision
34567,34599 enregistreur de caméras (générique)
9527 console d'enregistreur de caméras
9530 console cachée d'enregistreur de caméras
37777 enregistreur de caméras
37778 enregistreur de caméras
6036 enregistreur de caméras TVT
4550,5550 enregistreur de caméras GeoVision
4520,4524 enregistreur de caméras Samsung
7446-7447 enregistreur de caméras UniFi
7563 enregistreur de caméras Milestone
22331 vidéosurveillance Milestone (mobiles)
38880 vidéosurveillance Avigilon
22609 vidéosurveillance exacqVision
9900-9901 vidéosurveillance Synology
8765 caméras motionEye
""",
    "console": """\
8006 console de virtualisation
8007 console de sauvegarde Proxmox
902 console de virtualisation
903 écran des machines virtuelles VMware
912 console de virtualisation VMware (poste)
5480 administration de VMware vCenter
7444 identification VMware vCenter
9087 mise à jour des serveurs VMware
5988 état du matériel des serveurs
5989 état du matériel des serveurs (chiffré)
2179 console de virtualisation Hyper-V
9440 console de virtualisation Nutanix
16509 console de virtualisation libvirt
16514 console de virtualisation libvirt (chiffrée)
2512-2513 administration de Citrix
2375 commande de conteneurs, sans mot de passe
4243 commande de conteneurs, sans mot de passe (ancien)
2376 conteneurs (accès chiffré)
2377 conteneurs (grappe de serveurs)
6443 commande de conteneurs
16443 conteneurs (MicroK8s)
10250 conteneurs (agent Kubernetes)
10255 conteneurs (agent Kubernetes, sans mot de passe)
10257,10259 conteneurs (pilotage de Kubernetes)
2379-2380 conteneurs (mémoire de Kubernetes)
9345 conteneurs (inscription Rancher)
44134 conteneurs (installation Helm)
4646-4647 conteneurs (Nomad)
623 carte de gestion de serveur
664 carte de gestion de serveur (chiffrée)
16992-16995 carte de gestion Intel (poste ou serveur)
17988 carte de gestion HP iLO (disques virtuels)
17990 carte de gestion HP iLO (écran)
3900 carte de gestion Lenovo
5120,5123,5127 carte de gestion de serveur (disques)
7578,7582 carte de gestion de serveur (écran)
2068,3211 écran de serveur à distance
1311 administration de serveur Dell
2301 administration de serveur HP
2381 administration de serveur HP (chiffrée)
3172-3173 administration de serveur Fujitsu
9392 console de sauvegarde Veeam
9393-9397,9402-9403 sauvegarde Veeam
9398 commandes de sauvegarde Veeam
9399,9419 commandes de sauvegarde Veeam (chiffrées)
9401 catalogue de sauvegarde Veeam
6160 installation d'agents de sauvegarde Veeam
6162 transport de sauvegarde Veeam
6163 sauvegarde de machines virtuelles Veeam
6161,6165,6167 agent de sauvegarde Veeam
6170,6172-6173 restauration Veeam
6180 sauvegarde Veeam chez un hébergeur
6183-6184,6190 agent de sauvegarde Veeam (poste)
10005-10006 agent de sauvegarde Veeam pour Windows
2500-2502 transport de sauvegarde Veeam (données)
9877 console de sauvegarde Acronis
43234 sauvegarde Acronis (échanges internes)
44445 sauvegarde Acronis chez un hébergeur
8014 console de sauvegarde Arcserve
8015 console de sauvegarde Arcserve (chiffrée)
6050,6070-6071,41523 sauvegarde Arcserve
6503-6504 sauvegarde Arcserve (commandes)
9101 sauvegarde Bacula (pilotage)
9102 sauvegarde Bacula (agent)
9103 sauvegarde Bacula (stockage)
1556 sauvegarde Veritas NetBackup
13720-13724,13782-13783 sauvegarde Veritas NetBackup (ancienne)
3527,6101,6106 sauvegarde Backup Exec
9446 sauvegarde Nakivo (transport)
5510 sauvegarde Synology (postes et serveurs)
5566 copie de dossiers Synology
6281 sauvegarde Synology
55413-55415 sauvegarde UrBackup
35621-35623 agent de sauvegarde UrBackup
8400-8403 sauvegarde Commvault
1500-1501 sauvegarde IBM
1581 agent de sauvegarde IBM
11090 console de sauvegarde IBM
7937-7938 sauvegarde NetWorker
5565 sauvegarde Data Protector
10082-10083 sauvegarde Amanda
497 sauvegarde Retrospect
25566,25568 sauvegarde Datto
12800-12801 sauvegarde Rubrik
1167 sauvegarde R1Soft
51515 sauvegarde Kopia
9669 copie de serveurs Zerto
""",
    "other": """\
25 réception de courrier
53 annuaire de noms DNS
80 site web
443 site web chiffré
465 envoi de courrier chiffré
587 envoi de courrier
993 lecture du courrier chiffrée
995 relève du courrier chiffrée
5060 téléphonie
26 réception de courrier (port déplacé)
2525 envoi de courrier, ou sauvegarde Atempo
4190 règles de tri du courrier
10024-10027 filtrage du courrier (interne)
783 filtrage du courrier SpamAssassin
11332-11333 filtrage du courrier Rspamd
1000 messagerie MDaemon
32000-32001 messagerie IceWarp
1352 messagerie Lotus Notes
1677,7205 messagerie GroupWise
691 messagerie Exchange, ou VPN Barracuda
119 forums de discussion
42 noms de machines Windows (WINS)
49 identification sur les équipements réseau
88 identification Windows (Kerberos)
464 changement de mot de passe Windows
749 administration des mots de passe Kerberos
636 annuaire chiffré
3269 annuaire Windows chiffré
9389 administration de l'annuaire Windows
853 annuaire de noms DNS chiffré
1024-1030 appels de procédures Windows (port tiré au sort, ancien)
49152-49170 appels de procédures Windows (port tiré au sort)
32768-32774 appels de procédures Unix (port tiré au sort)
1688 activation de Windows et d'Office
1801 file d'attente de messages Windows
2869 découverte d'appareils Windows
5040 appareils voisins Windows
5355 noms de machines voisines
5357 découverte d'imprimantes Windows
5358 découverte d'imprimantes Windows (chiffrée)
7680 mises à jour Windows entre postes
8530 mises à jour Windows de la mairie
8531 mises à jour Windows de la mairie (chiffrées)
3343 grappe de serveurs Windows
5723-5724 surveillance Microsoft
10123 gestion des postes Microsoft SCCM
808 échanges entre logiciels Windows
32843-32845 travail partagé SharePoint
264 accès à distance Check Point
18264 certificats publics Check Point
259,900 page d'identification Check Point
1003 page d'identification Fortinet
8008,8010 page de blocage Fortinet
8020 page de déblocage Fortinet
4100 page d'identification WatchGuard
4080 page de blocage Kerio Control
1194 accès à distance OpenVPN
4433 portail d'accès à distance
4500 accès à distance IPsec
9993 accès à distance ZeroTier
5555 VPN SoftEther, sauvegarde ou téléphone Android
992 console Telnet chiffrée, ou VPN SoftEther
989 transfert de fichiers FTP chiffré (données)
990 transfert de fichiers FTP chiffré
1761-1763 transfert de fichiers CFT
8899 copie de fichiers QNAP, ou caméra
8200 sauvegarde Duplicati ou lecteur multimédia
2000 téléphonie Cisco, ou routeur MikroTik
2443 téléphonie Cisco chiffrée
2748 téléphonie Cisco (ordinateurs)
1720 téléphonie H.323
1503 partage d'écran en visioconférence
5061 téléphonie chiffrée
5062,5080 téléphonie (port déplacé)
5090 téléphonie 3CX (tunnel)
8088-8089 téléphonie Asterisk, ou page web
6800-6802 téléphonie Mitel
3478 téléphonie et visioconférence (relais)
5349 téléphonie et visioconférence (relais chiffré)
5222 messagerie instantanée
5223 messagerie instantanée (chiffrée)
5269 messagerie instantanée (entre serveurs)
64738 salon vocal Mumble
194,6660,6665-6669 salon de discussion IRC
6697 salon de discussion IRC (chiffré)
9 service ancien (rejet)
7 service ancien (écho)
11 service ancien (comptes connectés)
13 service ancien (date)
15 service ancien (connexions en cours)
17 service ancien (citation du jour)
18 service ancien (messages)
19 service ancien (flot de caractères)
37 service ancien (heure)
1 service ancien (aiguillage)
43 annuaire de noms de domaine (Whois)
70 pages anciennes (Gopher)
79 liste des comptes (Finger)
113 compte qui se connecte (Ident)
161 surveillance des équipements (SNMP)
199,705 surveillance des équipements (interne)
427 recherche de services sur le réseau
179 routage entre opérateurs
444 page web chiffrée (autre port)
449,8470,8472-8476 serveur IBM AS/400
601 journaux des machines
1514 journaux des machines (Wazuh)
1515 inscription des machines Wazuh
55000 commandes de surveillance Wazuh
6514 journaux des machines (chiffrés)
5044 journaux des machines (Logstash)
9997 journaux des machines (Splunk)
12201 journaux des machines (Graylog)
24224 journaux des machines (Fluentd)
5666 agent de surveillance Nagios
12489 agent de surveillance Nagios (Windows)
6556 agent de surveillance Checkmk
10050 agent de surveillance Zabbix
10051 serveur de surveillance Zabbix
5669 surveillance Centreon
7770 surveillance Shinken
23560 surveillance PRTG
17777 surveillance SolarWinds
8060 surveillance ManageEngine
19999 tableau de surveillance Netdata
9093 alertes Prometheus
9091 mesures Prometheus, ou Transmission
62354 agent d'inventaire GLPI
13000 agent de l'antivirus Kaspersky
7074 mises à jour de l'antivirus Bitdefender
1947 serveur de licences Sentinel
22350 serveur de licences CodeMeter
22352 serveur de licences CodeMeter (page)
27000-27009 serveur de licences FlexLM
7279 serveur de licences Citrix
744 serveur de licences (ancien)
6400,6405 tableaux de bord BusinessObjects
3200,3300-3301,3600 logiciel SAP
3299 relais du logiciel SAP
5601 tableaux de bord Kibana
6080 cartographie ArcGIS, ou écran par le navigateur
8009 serveur d'applications Tomcat (interne)
8005 arrêt du serveur d'applications Tomcat
7001 serveur d'applications WebLogic
7002 serveur d'applications WebLogic (chiffré)
2809 serveur d'applications WebSphere
1099 appels entre programmes Java
9999 application, prise connectée ou console
5671 messages entre logiciels (chiffrés)
5672 messages entre logiciels
25672 messages entre logiciels (entre serveurs)
61616 messages entre logiciels (ActiveMQ)
9092 messages entre logiciels (Kafka)
1414 messages entre logiciels (IBM)
2181 coordination de serveurs ZooKeeper
8042,9870,50070 calcul réparti Hadoop
9418 dépôt de programmes Git
3690 dépôt de programmes Subversion
9229 mise au point de programmes Node.js
8787 calcul statistique RStudio
11434 intelligence artificielle Ollama
7860 intelligence artificielle (page)
1080 relais SOCKS
3128 relais web
8118 relais web Privoxy
9050 relais anonyme Tor
1936,8404 tableau de bord HAProxy
6081 cache web Varnish
1935 flux vidéo en direct
32400 médiathèque Plex
3689 musique partagée iTunes
7000 diffusion Apple, ou application
1400 enceinte connectée Sonos
2095 courrier par le web cPanel
2096 courrier par le web cPanel (chiffré)
2079-2080 agendas cPanel
6789 mesure de débit UniFi, ou stockage Ceph
8843 portail des visiteurs UniFi
4001 convertisseur série Moxa, ou application
4000 bureau distant NoMachine, ou application
2002 télémaintenance LogMeIn ancienne, ou page web
25565 jeu Minecraft
27015 jeu Steam
7777 jeu ou application
6881-6883 partage de fichiers BitTorrent
51413 partage de fichiers BitTorrent (Transmission)
4662 partage de fichiers eMule
8332-8333 réseau de la monnaie Bitcoin
3333,14444 fabrication de monnaie numérique
666 jeu ancien, ou porte dérobée connue
1337,31337 porte dérobée connue
1177 porte dérobée connue (njRAT)
1243,27374 porte dérobée connue (SubSeven)
12345-12346,20034 porte dérobée connue (NetBus)
50050 commande d'attaques Cobalt Strike
54320 porte dérobée connue (Back Orifice)
55553 commande d'attaques Metasploit
81-87,89-90 page web (port voisin du 80)
280,591,777,800-801,880,888 page web (ancien port secondaire)
1010,1111,1234,2001,4567 page web d'application
3000-3010 application web
4200,5173 application web en cours de mise au point
5050,5100,5104,6060,6543,7080,7778,8180,8280-8281 application web (autre port)
7443,8444-8446,8448-8450,9444-9445,9943,12443,44300 application web chiffrée (autre port)
8001-8004,8011-8012,8016-8019,8023-8024,8026,8028-8039,8044-8058,8062-8079,8100 page web sur un port inhabituel
8082-8085,8087,8090-8099,8181-8182,8222 page web sur un port inhabituel
8800-8802,8881-8882,8884-8887,8889-8890,8990,8999 application web (port secondaire)
9000-9003,9009-9011,9080-9082,9095,9099,9800,10080,18080,28080 application web (port secondaire)
""",
}

UDP: Mapping[str, str] = {
    "amplifier": """\
53 annuaire de noms DNS
123 heure par le réseau (NTP)
161 surveillance des équipements (SNMP)
1900 découverte d'appareils (UPnP)
389 annuaire Windows sans connexion
11211 mémoire partagée memcached
19 service ancien (flot de caractères)
69 transfert de fichiers TFTP
111 annuaire de services NFS
137 noms de machines Windows (ancien)
5353 noms de machines voisines (mDNS)
3702 découverte d'imprimantes et de caméras
3389 Bureau à distance Windows (accéléré)
1434 annuaire de bases Microsoft SQL
10001 découverte d'équipements Ubiquiti
37810 découverte de caméras Dahua
3283 Bureau à distance Apple (découverte)
5683 messages d'objets connectés (CoAP)
427 recherche de services sur le réseau
10074 téléphonie Mitel (essais de ligne)
17 service ancien (citation du jour)
7 service ancien (écho)
13 service ancien (date)
37 service ancien (heure)
177 ouverture de session graphique ancienne
520 annonces de routage (RIP)
1604 annuaire de bureaux Citrix
5093 serveur de licences Sentinel
6881 partage de fichiers BitTorrent
27015 jeu Steam
32414 médiathèque Plex (découverte)
""",
    "other": """\
500 accès à distance IPsec
4500 accès à distance IPsec (derrière une box)
1194 accès à distance OpenVPN
5060 téléphonie
51820 accès à distance WireGuard
1701 accès à distance L2TP
443 site web chiffré (HTTP/3)
162 alertes des équipements (SNMP)
514 journaux des machines
67 attribution d'adresses (DHCP)
1812 contrôle des accès au réseau
1813 comptes des accès au réseau
1645 contrôle des accès au réseau (ancien)
3478 téléphonie et visioconférence (relais)
4569 téléphonie entre standards Asterisk
5061 téléphonie chiffrée
5351 ouverture automatique de ports de la box
5355 noms de machines Windows voisines
5678 découverte de routeurs MikroTik
53413 porte dérobée de routeurs Netis
""",
    "console": """\
623 carte de gestion de serveur
""",
    "file-sharing": """\
138 messages entre machines Windows (ancien)
2049 partage de fichiers NFS
""",
    "industrial": """\
47808 gestion du bâtiment (BACnet)
3671 bus du bâtiment KNX
44818 automate Rockwell
34964 bus industriel PROFINET
20000 télégestion de l'eau ou de l'énergie
9600 automate Omron
17185 mise au point d'automates VxWorks
41794 équipement de salle Crestron
1700 relevés de capteurs LoRaWAN
30718 convertisseur série en réseau Lantronix
""",
}
"""Lines in the order in which they are asked: those that can be turned against others, then the VPNs."""

ESSENTIAL = """\
3389 445 5900 22 23 3306 1433 5432 139 135 21 8080 8443 8888 10000 5000 5001 9090 8000 8081 4443 4444 9443 10443
3388 3390 33890 5800 5901 5938 4899 6129 5985 5986 7070
2049 111 548 873 3260
541 1300 1754 8291 8728 8729 8305 18190 3978 4118 4786 7547 8880 2222 11443 37215
902 8006 2375 2376 6443 10250 2379 623 5480 2179 9440 16509 17990 5988
9392 9419 8007 9877 8014 10082
1434 1521 1522 3307 5984 6379 9200 11211 27017 50000 3050 4900 19812 1583 2638 8086 5003
502 102 47808 20000 44818 1911 4911 2404 20256 3671 4840 9600 1883 2455
9100 515 631 554 8554 37777 34567 9527
69 110 143 389 512 513 514 1723 2323 3268
1194 4433 5060
25 53 80 443 465 587 993 995
"""
"""TCP numbers asked when time is short, the most dangerous first; the last lines are what a town means to show."""
