DROP TABLE settings;
DROP TABLE login_links;
DROP TABLE refresh_tokens;
DROP TABLE api_keys;
DROP TABLE users;
DROP TABLE orgs;
