chown root:knot /etc/knot/knot.conf
chmod 0640 /etc/knot/knot.conf
install -d -o knot -g knot -m 0750 /var/lib/knot/zones
