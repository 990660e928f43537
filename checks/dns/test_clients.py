"""Mail clients: the DNS and the web lead them to the services, and to nothing without TLS."""

from fixtures.requirement import requirement


@requirement("DNS-058", severity="low", refs=["RFC 6186 3, 6", "RFC 8314 5.1", "RFC 5804 1.8"], controls="TR",
             explained_by=["DNS-051", "NET-001", "NET-003", "NET-004", "SVC-001", "SVC-002", "TLS-030", "TLS-039"])
def test_srv_records_lead_clients_to_tls(client_records, policy, evidence):
    """SRV records announce the services for mail clients, and each leads to TLS with a certificate that fits.

    Why: clients that find no record guess, or ask the user; one that leads to clear text gives the password away.
    Fix: publish _submissions._tcp and _imaps._tcp (_pop3s, _sieve where offered) with the port and the host's own name,
    which its certificate must bear; withdraw records of ports without TLS.
    """
    evidence.attach("records", client_records.text())
    evidence.compare("faults", client_records.faults, "==", ())
    evidence.band("services not announced", client_records.all_seen().missing, policy["dns.srv_missing"])


@requirement("DNS-059", severity="medium", refs=["RFC 8314 3, 5", "Thunderbird autoconfig 1.1", "MS-OXDSCLI 2.2.3"],
             controls="TR")
def test_client_settings_are_given_over_tls_alone(client_settings, policy, evidence):
    """Autoconfig and autodiscover answer over HTTPS alone, name services with TLS alone, and lead to no strangers.

    Why: clients believe what they are told: settings over HTTP can be changed on the way, and the user's password goes
    to whatever host they name.
    Fix: serve the settings over HTTPS, let port 80 redirect or refuse; set SSL or STARTTLS for every server in them.
    Hosts of a provider that you trust with passwords are declared as `client_hosts`.
    """
    evidence.attach("answers", client_settings.text())
    evidence.compare("settings without TLS", client_settings.faults, "==", ())
    evidence.band("names of others", client_settings.foreign, policy["dns.client_foreign"])
    evidence.band("names that do not answer", client_settings.silent, policy["dns.client_silent"])
