-- How many sales of the same thing are written at once, such as the renewals of a plan.

/*
 * Write a sale of one quote for each of some accounts, with the ids at the same place. The quote
 * uses no promotions and no allowances.
 */
create function sales.place_alike(
    business_id uuid, sale_ids uuid[], customer_ids uuid[], quote jsonb
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into sales.sales (
        id, business_id, customer_id, customer_name, customer_email, customer_phone, currency,
        placed_at
    )
    select
        buyers.sale_id, place_alike.business_id, buyers.customer_id, profiles.full_name,
        profiles.email, profiles.phone, quote ->> 'currency', private.now()
    from unnest(place_alike.sale_ids, place_alike.customer_ids) as buyers (sale_id, customer_id)
    left join identity.profiles on profiles.id = buyers.customer_id;
    insert into sales.sale_revisions (business_id, sale_id, revision, cause, actor_id, at)
    select place_alike.business_id, placed.sale_id, 0, 'agreed', auth.uid(), private.now()
    from unnest(place_alike.sale_ids) as placed (sale_id);
    perform sales.write_agreed_lines(place_alike.business_id, place_alike.sale_ids, quote);
end;
$$;
