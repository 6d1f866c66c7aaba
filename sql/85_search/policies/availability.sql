-- No role may read documents directly. They contain only what the catalog shows anyway, but only
-- the search and its triggers need them. Callers may execute the search itself and the functions
-- that public.search_availability uses to read its arguments.

grant usage on schema search to anon, authenticated, service_role;
alter table search.documents enable row level security;
grant execute on function
search.fold(text),
search.slug(text),
search.query(text),
search.availability(search.criteria, integer)
to anon, authenticated, service_role;
