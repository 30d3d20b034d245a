-- Which objects each change touched, one a row, so that whoever keeps what it read can drop just that. Only the newest rows
-- are kept, in the order of their numbers; the program says how many. An empty kind stands for everything, and the kind
-- "none" for a change that touched nothing on which a verification depends.
CREATE TABLE changes (
	number SERIAL,
	serial BIGINT NOT NULL,
	kind   TEXT NOT NULL,
	id     TEXT NOT NULL
);
