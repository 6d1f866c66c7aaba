-- A cart is its owner's alone: not even the businesses in it see it. Nobody writes it but
-- functions, so that nothing is in it that is not for sale. A cart with a token is found by
-- functions that take the token as an argument; no view shows it.

alter table commerce.carts enable row level security;
alter table commerce.cart_items enable row level security;

-- The token, the key and the answer are nobody's to read.
grant select (id, user_id, currency, created_at, updated_at, checked_out_at, basket_id)
on table commerce.carts to authenticated;
grant select on table commerce.cart_items to authenticated;
grant select, insert, update, delete on table commerce.carts to service_role;
grant select, insert, update, delete on table commerce.cart_items to service_role;

create policy carts_select
on commerce.carts
for select
to authenticated
using (user_id = (select auth.uid()));

create policy cart_items_select
on commerce.cart_items
for select
to authenticated
using (
    exists (
        select 1
        from commerce.carts
        where carts.id = cart_items.cart_id
    )
);

-- The worker deletes idle carts.
grant usage on schema commerce to worker;
grant execute on function commerce.forget_idle_carts() to worker;
