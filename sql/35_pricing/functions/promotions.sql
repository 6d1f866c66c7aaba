-- What promotions name, and what managers and the platform do with them.

/*
 * Return the items among some lines that a promotion names; null for one that names nothing and
 * concerns everything.
 */
create function pricing.named_items(promotion pricing.promotions, lines pricing.line[])
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if num_nonnulls(promotion.product_id, promotion.product_category_id) = 0 then
        return nullif(
            array[coalesce(promotion.service_id, promotion.variant_id)], array[null::uuid]
        );
    end if;
    return array(
        select product_variants.id
        from unnest(lines) as line
        inner join catalog.product_variants
            on
                product_variants.business_id = promotion.business_id
                and product_variants.id = line.item_id
        inner join catalog.products
            on
                products.business_id = product_variants.business_id
                and products.id = product_variants.product_id
        where
            products.id = promotion.product_id
            or products.category_id in (
                select tree.id from catalog.category_tree(promotion.product_category_id) as tree
            )
    );
end;
$$;

/*
 * Return the business of a promotion. One that does not exist is refused.
 * Definer: it must tell a promotion that the caller may not see from none; the callers check them.
 *
 * Errors:  PT404 not_found
 */
create function pricing.business_of_promotion(promotion_id uuid)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_business_id uuid = (
        select promotions.business_id
        from pricing.promotions
        where promotions.id = business_of_promotion.promotion_id
    );
begin
    if v_business_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such promotion.',
            'Check the id in the view promotions.'
        );
    end if;
    return v_business_id;
end;
$$;

/*
 * Create coupons for a promotion, each of which one sale may use. Returns their ids.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function pricing.create_coupons(promotion_id uuid, count integer, prefix text)
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = pricing.business_of_promotion(promotion_id);
    v_ids uuid[] = array(select gen_random_uuid() from generate_series(1, count));
begin
    perform private.require_member(v_business_id, 'manage');
    insert into pricing.coupons (id, business_id, promotion_id, code, max_uses)
    select
        new_ids.id,
        v_business_id,
        create_coupons.promotion_id,
        coalesce(upper(create_coupons.prefix), '') || pricing.new_code(),
        1
    from unnest(v_ids) as new_ids (id);
    return v_ids;
end;
$$;

/*
 * Return a new code that nobody guesses and that people can type: 12 characters without
 * look-alikes.
 */
create function pricing.new_code()
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_letters constant text = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
    v_bytes constant bytea = sha256(uuid_send(gen_random_uuid()));
begin
    return (
        select string_agg(substr(v_letters, 1 + get_byte(v_bytes, place) % 31, 1), '')
        from generate_series(0, 11) as place
    );
end;
$$;

/*
 * Let the platform bear a share of a promotion.
 * Definer: no member of the business may write the share; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function pricing.share_promotion(promotion_id uuid, platform_bps integer)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform business.require_platform_staff(
        pricing.business_of_promotion(promotion_id), 'finance'
    );
    update pricing.promotions
    set platform_bps = share_promotion.platform_bps
    where promotions.id = share_promotion.promotion_id;
end;
$$;
