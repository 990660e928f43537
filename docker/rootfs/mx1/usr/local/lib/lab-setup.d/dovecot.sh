# Passwords arrive in clear in a file that only root can read, and leave it as hashes.
if [ -e /etc/dovecot/passwords ]; then
    while read -r user password; do
        printf '%s:{SHA512-CRYPT}%s::::::\n' "$user" "$(printf %s "$password" | openssl passwd -6 -stdin)"
    done < /etc/dovecot/passwords > /etc/dovecot/users
    rm /etc/dovecot/passwords
fi
chown root:dovecot /etc/dovecot/users
chmod 0640 /etc/dovecot/users
