-- No role reads entries or words: the functions of the search do, and they say what each caller may
-- see. Everybody who can see a business reads nothing of its synonyms; its owners and managers
-- write them.

alter table search.entries enable row level security;
alter table search.words enable row level security;
alter table search.settings enable row level security;
alter table search.popular enable row level security;
alter table search.pairs enable row level security;
alter table search.vectors enable row level security;
alter table search.synonyms enable row level security;
grant select, delete on search.synonyms to authenticated;
grant insert (id, business_id, terms) on search.synonyms to authenticated;
grant update (id, business_id, terms) on search.synonyms to authenticated;
grant select, insert, update, delete on search.synonyms to service_role;

create policy synonyms_select
on search.synonyms
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy synonyms_insert
on search.synonyms
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy synonyms_update
on search.synonyms
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy synonyms_delete
on search.synonyms
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- The functions of the API call them as the caller.
grant execute on function
search.find(text, text, text, text, text, text, text, text, text[], text),
search.suggest(text, text, text[], integer),
search.recommend(text, uuid, integer)
to anon, authenticated, service_role;

-- The worker counts sales, deletes what is left over, and writes what entries mean.
grant usage on schema search to worker;
grant execute on function
search.count_sales(),
search.keep_house(),
search.texts_to_embed(text, uuid[], integer),
search.store_vectors(text, jsonb)
to worker;
