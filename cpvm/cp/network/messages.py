"""What the networking userid tells users and the operator, with RSCS's numbers (GC20-1816, *RSCS User's Guide*)."""

from __future__ import annotations

from cpvm.cp.message import message

ENQUEUED = message("DMTAXS101I", "FILE {:04} ENQUEUED ON LINK {}")
NO_SUCH_NODE = message("DMTAXS103E", "FILE {:04} REJECTED -- INVALID DESTINATION ADDRESS; HELD")
NO_SUCH_USER = message("DMTAXS103E", "FILE {:04} REJECTED -- USERID {} NOT KNOWN AT {}; HELD THERE")
SPOOLED = message("DMTAXS104I", "FILE SPOOLED TO {} -- ORG {}({}) {} {}")
SIGNED_ON = message("DMTNJI143I", "LINK {} SIGNED ON")
NOT_TAKEN = message("DMTNJI146E", "FILE {:04} NOT TAKEN BY {}; {}")
SENT = message("DMTNJI147I", "SENT FILE {:04} ON LINK {} TO {}")
SIGNED_OFF = message("DMTNJI149I", "LINK {} SIGNED OFF; {}")
NOT_CONNECTED = message("DMTNJI150E", "LINK {} NOT CONNECTED; {}")
CANNOT_LISTEN = message("DMTREX151E", "CANNOT LISTEN ON {}; {}")
CALLER_REFUSED = message("DMTREX152E", "CALLER REFUSED; {}")
CALLERS_REFUSED = message("DMTREX152E", "{} MORE CALLERS REFUSED IN THE MEANTIME")
