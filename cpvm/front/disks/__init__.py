"""What `cpvm disk` is made of: labels, tables of contents and files of disks, and the ways between disks and host."""
