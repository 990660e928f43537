install -d -o opendkim -g opendkim -m 0750 /var/spool/postfix/opendkim
install -d -o opendmarc -g opendmarc -m 0750 /var/spool/postfix/opendmarc
install -d -o vmail -g vmail -m 0700 /var/vmail
install -d -o opendkim -g opendkim -m 0700 /etc/dkimkeys
for key in /etc/dkimkeys/*.private; do
    [ ! -e "$key" ] || { chown opendkim:opendkim "$key"; chmod 0600 "$key"; }
done
