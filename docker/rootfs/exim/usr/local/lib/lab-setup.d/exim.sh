getent passwd vmail > /dev/null ||
    adduser --quiet --system --uid 5000 --group --no-create-home --home /var/vmail --shell /usr/sbin/nologin vmail
install -d -o vmail -g vmail -m 0700 /var/vmail
install -d -o Debian-exim -g adm -m 2750 /var/log/exim4
install -d -o Debian-exim -g Debian-exim -m 0700 /etc/dkimkeys
for key in /etc/dkimkeys/*.private; do
    [ ! -e "$key" ] || { chown Debian-exim:Debian-exim "$key"; chmod 0600 "$key"; }
done
chown root:Debian-exim /etc/ssl/private/host.key
chmod 0640 /etc/ssl/private/host.key
chown root:Debian-exim /etc/ssl/private
chmod 0710 /etc/ssl/private
