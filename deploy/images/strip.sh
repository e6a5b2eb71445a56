#!/bin/sh
# The last step before a root file system is copied into its image: makes the user, and takes out what only a
# distribution needs (package manager, Perl, init scripts, caches, manuals) and every program that is not named.
# What a scanner reads stays: /var/lib/dpkg/status and the copyright files.
#   strip.sh PROGRAM...     file names in /usr/bin and /usr/sbin that the image keeps
set -eu

echo 'missing-table:x:10001:10001::/nonexistent:/usr/sbin/nologin' >> /etc/passwd
echo 'missing-table:x:10001:' >> /etc/group

rm -rf /etc/apt /etc/dpkg /etc/cron* /etc/init.d /etc/rc*.d /etc/systemd /etc/logrotate.d /etc/pam.d /etc/security \
  /etc/shadow* /etc/gshadow* /etc/passwd- /etc/group- \
  /usr/lib/apt /usr/lib/dpkg /usr/lib/systemd/system /usr/lib/init /usr/share/perl* /usr/lib/*/perl* \
  /usr/share/man /usr/share/info /usr/share/locale /usr/share/lintian /usr/share/bug /usr/share/bash-completion \
  /usr/share/zsh /usr/share/debconf /usr/share/doc-base /usr/share/menu /usr/share/pixmaps \
  /var/lib/apt /var/cache /var/log /var/backups /var/lib/systemd /var/lib/pam /var/lib/dpkg/info /root/.cache
find /usr/share/doc -type f ! -name copyright -delete
find /usr/share/doc -type l -delete

# Deletes itself and everything beside it but the named ones, so it comes last. A program's directory entries are names:
# a link is kept where it is named.
keep=''
for name in "$@"; do
  keep="$keep ! -name $name"
done
# shellcheck disable=SC2086  # the words are the point
exec find /usr/bin /usr/sbin /usr/games /usr/local/bin /usr/local/sbin ! -type d $keep -delete
