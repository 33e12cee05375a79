"""What the ending of a name tells of a file: usual, put on by a tool that encrypts, or strange."""

import re

USUAL = frozenset(
    """
    7z 7zip aac accdb ai amr apk asc asp aspx au avi bak backup bat bck bib bin bkf bkp bmp borg bz2 c cab cer cfg
    class cmd conf config copy cpp crdownload crl crt css csr csv cur dar dat data db dbf deb desktop dgn dif diff
    difftar dll dmg dmp doc docm docx dot dotx download dump dwf dwg dxf eml eps epub err evtx exe f fbk filepart
    flac fods fodt fr gbk gdb geojson gif gpx gz h hbk heic heif hpp hta htm html ico ics idx img ini iso j2k jar
    java jp2 jpe jpeg jpg js json jsonl kdbx key keyfile kml kmz lck ldf ldif lnk lock log lrz lst lz lz4 lzma lzo
    m4a m4v map md md5 mdb mdf mdx mid mkv mm mov mp3 mp4 mpeg mpg mpp msg msi msp mts nef new nfo npy nsf odb odf
    odg odp ods odt ofx ogg old one opml opus orf orig ost otf ott ova ovf p12 p7b p7m p7s par2 part partial pas pbf
    pcap pdb pdf pem pfx pgp php pl plist pl1 png pot pps ppsx ppt pptx prf prj ps psd pst pub py pyc qcow2 qgs qgz
    r rar raw rb rdp reg rpm rss rst rtf save sav sbn sbx sh sha1 sha256 sha512 shp shx sig sln sql sqlite sqlite3
    srt step stl svg swf swp sys tar tbz tbz2 tex tgz thm tib tibx tif tiff tmp torrent trn tsv ttf txt txz tzst url
    v2i vbk vbm vcf vdi vhd vhdx vib vma vmdk vmx vob vrb vsd vsdx war wav wbcat webm webmanifest webp wim wma wmf
    wmv woff woff2 wpd wps x xcf xhtml xla xlk xls xlsb xlsm xlsx xlt xltx xml xmp xps xsd xsl xz yaml yml z zip zst
    zstd spf mrimg
    """.split()  # noqa: SIM905 — as a list of words it has three hundred lines
)
ENCRYPTING = frozenset(
    {
        "aes", "age", "axx", "bfe", "c9r", "c9s", "cpt", "crypto", "dblock", "dindex", "dlist", "ecryptfs", "enc",
        "encfs", "gpg", "jwe", "kwallet", "pgp", "p7e", "sops", "tc", "hc", "vault", "zed", "zc",
    }
)  # fmt: skip
"""Put on by tools that encrypt for their owner; « .zed » is Prim'X ZED!, usual in French administrations."""
AMBIGUOUS = frozenset({"aes", "crypt", "crypted", "cry", "enc", "encrypted", "crypto", "chiffre", "secure"})
"""Honest tools and ransomware both put them on: nothing is said of them without a demand."""
NOTE = frozenset({"", "hta", "htm", "html", "md", "rtf", "txt", "url"})
"""Of the notes that ransomware leaves."""
SECRETIVE = frozenset(
    {
        "", "age", "asc", "cfg", "conf", "csv", "env", "gpg", "ini", "json", "key", "keyfile", "md", "old", "pass",
        "passphrase", "passwd", "password", "pem", "pgp", "ppk", "priv", "pwd", "secret", "txt", "bak", "keys", "rtf",
    }
)  # fmt: skip
"""Of files that hold a key or a password."""
MARKED = frozenset(
    {
        "doc", "docm", "docx", "gif", "jpeg", "jpg", "odg", "odp", "ods", "odt", "pdf", "png", "pps", "ppt", "pptx",
        "tif", "tiff", "xls", "xlsm", "xlsx",
    }
)  # fmt: skip
"""Of documents whose first bytes their format fixes."""
_CHANGING = re.compile(r"[\d~]")


def is_strange(ending: str) -> bool:
    """No usual ending, nor one of a tool that encrypts; dates and numbers are no endings. `ending` in lower case."""
    if ending in AMBIGUOUS:
        return True
    if not ending or ending in USUAL or ending in ENCRYPTING:
        return False
    return not (ending.isdigit() or ending.endswith("~") or len(_CHANGING.sub("", ending)) == 0)
