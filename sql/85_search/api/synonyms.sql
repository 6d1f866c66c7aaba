-- Words that mean the same, as owners and managers write them.

create view public.search_synonyms
with (security_invoker = true)
as
select
    synonyms.id,
    synonyms.business_id,
    synonyms.terms,
    synonyms.created_at
from search.synonyms;
grant select, insert, update, delete on public.search_synonyms to authenticated, service_role;

comment on view public.search_synonyms is
'Words that mean the same to the customers of a business: who looks for one finds the others.

Members of the business read them; owners and managers write them. A change holds from the next '
'search on.';
comment on column public.search_synonyms.id is 'Primary key.';
comment on column public.search_synonyms.business_id is 'The business.';
comment on column public.search_synonyms.terms is
'2 to 20 words or short phrases, each of at most 40 characters, such as {sofa,couch}.';
comment on column public.search_synonyms.created_at is 'When it was created.';
