-- A wishlist is its owner's alone, to read and to write.

alter table commerce.wishlist_items enable row level security;
grant select, delete on commerce.wishlist_items to authenticated;
grant insert (id, user_id, business_id, variant_id, wants_notice), update (wants_notice)
on commerce.wishlist_items to authenticated;
grant select, insert, update, delete on commerce.wishlist_items to service_role;

create policy wishlist_items_select
on commerce.wishlist_items
for select
to authenticated
using (user_id = (select auth.uid()));

create policy wishlist_items_insert
on commerce.wishlist_items
for insert
to authenticated
with check (user_id = (select auth.uid()));

create policy wishlist_items_update
on commerce.wishlist_items
for update
to authenticated
using (user_id = (select auth.uid()))
with check (user_id = (select auth.uid()));

create policy wishlist_items_delete
on commerce.wishlist_items
for delete
to authenticated
using (user_id = (select auth.uid()));
