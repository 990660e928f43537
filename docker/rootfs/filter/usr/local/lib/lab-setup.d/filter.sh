# One language is enough for the lab: rspamd reads every file of the folder.
install -d /etc/rspamd/languages
cp /usr/share/rspamd/languages/en.json /etc/rspamd/languages/
cp /usr/share/rspamd/languages/stop_words /etc/rspamd/languages/
