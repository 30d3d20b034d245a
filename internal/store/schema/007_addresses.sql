-- Addresses are compared without case in every alphabet. The program fills the key in, since databases differ in what
-- they take for a letter. Of members that an older program made with two spellings of one address, the first has it.
ALTER TABLE members ADD COLUMN email_key TEXT;
CREATE UNIQUE INDEX members_address ON members (email_key);
