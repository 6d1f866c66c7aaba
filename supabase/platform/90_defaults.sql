-- What 10_roles.sql took from PUBLIC for the functions of this folder: those that others add later are
-- as PostgreSQL has them.

alter default privileges grant execute on functions to public;
