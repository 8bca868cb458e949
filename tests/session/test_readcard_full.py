"""READCARD when the disk has no room for the cards: they stay in the reader."""

from cpvm import api


def test_cards_that_do_not_fit_stay_in_the_reader(system: api.SystemHandle) -> None:
    user = system.logon("CMSUSER")
    for line in ("IPL CMS", "", "CP DEFINE T3350 AS 195 CYL 1", "FORMAT 195 C", "YES", "SMALL", "CP SPOOL PUNCH TO *"):
        user.type(line)
    listed = user.type("LISTFILE * MACLIB S (ALLOC NOHEADER").lines
    files = sorted((int(line.split()[5]), line.split()[0]) for line in listed if " MACLIB " in line)
    name = files[-1][1]
    assert any(user.type(f"COPYFILE {name} MACLIB S FILL{number} = C").return_code for number in range(99))
    assert user.type(f"PUNCH {name} MACLIB S").return_code == 0
    refused = user.type("READCARD BIG FILE C")
    assert refused.return_code == 100 and "DMSRDC105S" in refused.text, refused.text
    assert "001" in user.type("CP QUERY FILES").text
    assert user.type("CP CHANGE RDR ALL NOHOLD").return_code == 0
    assert user.type("READCARD BIG FILE A").return_code == 0
    assert "NO RDR" in user.type("CP QUERY FILES").text
    assert user.type("STATE BIG FILE A").return_code == 0
