"""Lines typed while a program computes and reads nothing."""

from cpvm import api

SOURCE = ["LOOP     CSECT", "         BALR  15,0", "         BR    15", "         END"]
LOOP = ["EDIT LOOP ASSEMBLE", "INPUT", *SOURCE, "", "FILE"]


def test_each_line_reaches_cms_and_the_last_one_stops_the_program(system: api.SystemHandle) -> None:
    user = system.logon("CMSUSER")
    for line in ["IPL CMS", "", *LOOP, "ASSEMBLE LOOP", "LOAD LOOP"]:
        user.type(line)
    user.send("START")
    user.expect("Execution begins")
    for line in ("LISTFILE PROFILE EXEC", "STATE LOOP ASSEMBLE", "HX"):
        user.send(line)
    user.wait()
    assert user.transcript[-1] == "CMS", "HX takes the lines typed before it with it"
    assert user.type("STATE LOOP TEXT").return_code == 0
