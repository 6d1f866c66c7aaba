-- Where the platform approves changes of products, no client writes a published one directly.
-- Members may still take a product or a variant off sale at once.

/*
 * Refuse to publish a product, or to change what a published one says.
 *
 * Errors:  PT409 approval_required
 */
create function commerce.products__require_approval()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if private.is_client()
        and new.is_published
        and (
            tg_op = 'INSERT'
            or not old.is_published
            or to_jsonb(new) - '{position,archived_at,updated_at}'::text[]
            <> to_jsonb(old) - '{position,archived_at,updated_at}'::text[]
        )
        and commerce.needs_approval(new.business_id) then
        perform commerce.refuse_unapproved();
    end if;
    return new;
end;
$$;

create trigger _300_require_approval
before insert or update on catalog.products
for each row execute function commerce.products__require_approval();

/*
 * Refuse to change the options and the variants of a published product. A variant may be switched
 * off.
 *
 * Errors:  PT409 approval_required
 */
create function commerce.any__require_approval()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_old constant jsonb = case when tg_op <> 'INSERT' then to_jsonb(old) end;
    v_new constant jsonb = case when tg_op <> 'DELETE' then to_jsonb(new) end;
    v_row constant jsonb = coalesce(v_new, v_old);
begin
    if private.is_client()
        and v_old is distinct from v_new
        and coalesce(v_old || '{"is_active": false}' <> v_new, true)
        and exists (
            select 1
            from catalog.products
            where
                products.business_id = (v_row ->> 'business_id')::uuid
                and products.id = (v_row ->> 'product_id')::uuid
                and products.is_published
        )
        and commerce.needs_approval((v_row ->> 'business_id')::uuid) then
        perform commerce.refuse_unapproved();
    end if;
    return coalesce(new, old);
end;
$$;

create trigger _300_require_approval
before insert or update or delete on catalog.product_variants
for each row execute function commerce.any__require_approval();

create trigger _300_require_approval
before insert or update or delete on catalog.product_options
for each row execute function commerce.any__require_approval();
