"""Folders of the host as CMS disks: their files are CMS files, and what CMS writes becomes files of the folder."""
