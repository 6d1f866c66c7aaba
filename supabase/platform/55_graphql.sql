-- Supabase exposes this schema by default, and PostgREST 14 refuses to start on a schema that does
-- not exist. It is empty here: there is no GraphQL.

create schema if not exists graphql_public;
grant usage on schema graphql_public to anon, authenticated, service_role;
