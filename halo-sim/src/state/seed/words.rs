//! Invented names and texts, far beyond ASCII on purpose: a client that
//! mistakes bytes for letters should find out here.

/// Client names: what comes before the legal form.
pub(super) const FIRMS: &[&str] = &[
    "Müller & Söhne Maschinenbau",
    "Nordlicht Logistik",
    "Äpfel vom Bodensee",
    "Café Zürich",
    "Contoso Zahnärzte",
    "Blue Heron Architects",
    "東京データサービス",
    "Łódź Textiles",
    "Smith, Jones & Partners",
    "Bäckerei Großmann",
    "Señor Tapas",
    "Kowalski Transport",
    "Öresund Shipping",
    "Fjord Fisk",
    "L'Atelier du Vélo",
    "Hafenapotheke",
    "Green Valley Schools",
    "O'Brien Accountancy",
    "さくら法律事務所",
    "Schröder Immobilien",
    "Bright Smile Dental 🦷",
    "Alpenblick Hotels",
    "Riverside Veterinary",
    "Çelik Metal",
    "Praxis Dr. Weiß",
    "Quantum Print",
    "Steuerkanzlei Jäger",
    "Vår Energi Lokal",
    "Mountain Bikes Graz",
    "Kaffeerösterei Böhm",
    "Old Mill Brewery",
];

/// Legal forms; some firms have none.
pub(super) const FORMS: &[&str] = &["GmbH", "Ltd", "AG", "", "e.K.", "Inc.", "S.A.", "KG"];

/// Site names.
pub(super) const PLACES: &[&str] = &[
    "Zentrale",
    "Lager Süd",
    "Werk 2",
    "Filiale München",
    "Head Office",
    "Branch Genève",
    "大阪支店",
    "Kontor Ørsted",
    "Showroom",
    "Homeoffice",
];

/// First names.
pub(super) const FIRST: &[&str] = &[
    "Anna", "Jürgen", "Zoë", "Björn", "Mei", "Łukasz", "Siân", "José", "Fatima", "Günther", "Chloé", "Yuki",
    "Øystein", "Priya", "Renée", "Tomáš", "Emma", "Håkon", "Nuria", "Sam",
];

/// Last names.
pub(super) const LAST: &[&str] = &[
    "Müller",
    "Weiß",
    "Nakamura",
    "O'Connor",
    "Šimánek",
    "Garcia",
    "Jørgensen",
    "Kowalczyk",
    "Lefèvre",
    "Singh",
    "Öztürk",
    "Becker",
    "Núñez",
    "Example",
    "Großmann",
    "田中",
    "Smith",
    "Van der Berg",
];

/// Ticket subjects with their category.
pub(super) const SUBJECTS: &[(&str, &str)] = &[
    ("Drucker druckt nur noch Kästchen statt Umlauten", "Hardware>Printer"),
    ("Outlook does not open after the update", "Software>E-Mail"),
    ("Passwort zurücksetzen für neuen Kollegen", "Accounts>Password"),
    ("VPN bricht alle zehn Minuten ab", "Network>VPN"),
    ("メールが送信できません", "Software>E-Mail"),
    ("Laptop battery is swollen ⚠️", "Hardware>Laptop"),
    ("WLAN im Besprechungsraum zu langsam", "Network>Wi-Fi"),
    ("New starter on Monday 🎉: laptop, mailbox, badge", "Accounts>New starter"),
    ("Backup failed on SRV-02", "Server>Backup"),
    ("Bildschirm flackert, wenn die Heizung anspringt", "Hardware>Monitor"),
    ("Accès refusé au dossier « Comptabilité »", "Accounts>Permissions"),
    ("Teams calls: the others hear an echo", "Software>Teams"),
    ("Certificate of the webshop expires next week", "Server>Certificate"),
    ("Telefonanlage klingelt nicht mehr", "Network>Telephony"),
    ("Phishing mail reported: \"Ihr Paket wartet\"", "Security>Phishing"),
    ("Excel macro gives #¡VALOR! since yesterday", "Software>Office"),
    ("Please order two docking stations", "Hardware>Laptop"),
    ("Server room too warm: 31 °C", "Server>Monitoring"),
];

/// First sentences of ticket texts.
pub(super) const DETAILS: &[&str] = &[
    "Seit heute früh. Ein Neustart hat nicht geholfen.",
    "It started after lunch; three colleagues have the same problem.",
    "再起動しましたが、直りません。",
    "Kein Zeitdruck, aber bitte vor Freitag – danke! 🙏",
    "The message says: \"An unexpected error occurred (0x80070005)\".",
    "Bonjour, cela bloque la clôture du mois.",
    "Siehe Anhang. Gerät: HP-4711, Raum 5.",
    "Called twice already, please ring back after 14:00.",
];

/// Notes of agents.
pub(super) const NOTES: &[&str] = &[
    "Rückruf vereinbart, Nutzer prüft das Kabel.",
    "Reset done, waiting for confirmation.",
    "Treiber aktualisiert; Testseite mit ÄÖÜ sieht gut aus ✅",
    "Escalated to 2nd line with logs.",
    "Ersatzgerät bestellt, Lieferung in zwei Tagen.",
    "ユーザーに電話しました。",
];
