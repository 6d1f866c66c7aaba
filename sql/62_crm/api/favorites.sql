-- Favorites as clients read and write them.

create view public.favorites
with (security_invoker = true)
as
select
    favorites.user_id,
    favorites.business_id,
    favorites.created_at
from crm.favorites;
grant select, insert, delete on public.favorites to authenticated;
grant select, insert, update, delete on public.favorites to service_role;

comment on view public.favorites is
'The caller''s favorite businesses, each once. Nobody else reads them. Insert one by its '
'business_id, and delete it. Page by (created_at, business_id).';
comment on column public.favorites.user_id is 'The user; the caller unless said otherwise.';
comment on column public.favorites.business_id is 'The business, a row of businesses.';
comment on column public.favorites.created_at is 'When it became a favorite.';
