-- Nobody reads documents by themselves: they hold nothing that the catalog does not show, but only
-- the search and its triggers need them.

grant usage on schema search to anon, authenticated, service_role;
alter table search.documents enable row level security;
grant execute on function
search.fold(text),
search.slug(text),
search.query(text),
search.availability(search.criteria, integer)
to anon, authenticated, service_role;
