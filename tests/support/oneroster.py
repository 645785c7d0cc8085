"""Zips in OneRoster CSV for the tests: a made-up school in both versions, and whatever else a test puts in."""

import io
import zipfile
from collections.abc import Mapping
from typing import Final

MANIFEST: Final = """propertyName,value
manifest.version,1.0
oneroster.version,{version}
file.academicSessions,bulk
file.orgs,bulk
file.users,bulk
file.roles,{roles}
file.classes,bulk
file.enrollments,bulk
"""

COMMON: Final = {
    "orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
    "org-1,,,Made-up College,school,999,\n"
    "org-9,,,Made-up Network,district,,\n",
    "academicSessions.csv": "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n"
    "t4,,,Term 4,term,2026-10-12,2026-12-18,,2026\n",
    "classes.csv": "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
    "termSourcedIds,subjects,subjectCodes,periods\n"
    "c1,,,Form class 9A,9,,9A,homeroom,,org-1,t4,,,\n"
    "c2,,,Mathematics,9,,9MAT1,scheduled,,org-1,t4,,,\n",
    "enrollments.csv": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n"
    "e1,,,c1,org-1,u1,student,,2026-02-02,\n"
    "e2,,,c2,org-1,u1,student,,,\n"
    "e3,,,c1,org-1,u2,student,,,2026-06-30\n",
    "courses.csv": "sourcedId,status,dateLastModified,schoolYearSourcedId,title\n",
}

USERS_1_1: Final = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,"
    "email,sms,phone,agentSourcedIds,grades,password\n"
    'u1,,,true,org-1,student,ada,"{NSN:123456789},{LDAP:ada}",Ada,Example,,12345,,,,"p1,p2,r1",09,\n'
    "u2,,,true,org-1,student,bo,,Bo,Sample,,,,,,,KG,\n"
    'p1,,,true,org-1,parent,,,Kim,Example,,,kim@example.org,021 000 001,,"u1",,\n'
    "p2,,,true,org-1,guardian,,,Lee,Example,,,lee@example.org,,04 000 0002,,,\n"
    "r1,,,true,org-1,relative,,,Nan,Example,,,nan@example.org,,,,,\n"
    "t1,,,true,org-1,teacher,,,Tui,Teacher,,,tui@example.org,,,,,\n"
)

USERS_1_2: Final = (
    "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,"
    "agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,preferredGivenName,preferredMiddleName,"
    "preferredFamilyName,primaryOrgSourcedId,pronouns\n"
    'u1,,,true,ada,"{NSN:123456789}",Adelaide,Example,,12345,,,,"p1,p2,r1",09,,,,Ada,,,org-1,\n'
    "u2,,,true,bo,,Bo,Sample,,,,,,,KG,,,,,,,org-1,\n"
    "p1,,,true,,,Kim,Example,,,kim@example.org,021 000 001,,u1,,,,,,,,org-1,\n"
    "p2,,,true,,,Lee,Example,,,lee@example.org,,04 000 0002,,,,,,,,,org-1,\n"
    "r1,,,true,,,Nan,Example,,,nan@example.org,,,,,,,,,,,org-1,\n"
    "t1,,,true,,,Tui,Teacher,,,tui@example.org,,,,,,,,,,,org-1,\n"
)

ROLES: Final = (
    "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\n"
    "r-1,,,u1,primary,student,2026-02-02,,org-1,\n"
    "r-2,,,u2,primary,student,,,org-1,\n"
    "r-3,,,p1,primary,parent,,,org-1,\n"
    "r-4,,,p2,primary,guardian,,,org-1,\n"
    "r-5,,,r1,primary,relative,,,org-1,\n"
    "r-6,,,t1,primary,teacher,,,org-1,\n"
)


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """The files in a zip."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def tables(version: str = "1.1") -> dict[str, str | bytes]:
    """The school's tables in one of the versions."""
    is_old = version == "1.1"
    files: dict[str, str | bytes] = {
        "manifest.csv": MANIFEST.format(version=version, roles="absent" if is_old else "bulk"),
        **COMMON,
        "users.csv": USERS_1_1 if is_old else USERS_1_2,
    }
    return files if is_old else files | {"roles.csv": ROLES}
