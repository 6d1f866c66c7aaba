-- What a constraint on prices cannot say.

create trigger _010_refuse_bad_input
before insert or update on pricing.price_lists
for each row
execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on pricing.price_list_items
for each row
execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on pricing.price_rules
for each row
execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on pricing.promotions
for each row
execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on pricing.coupons
for each row
execute function business.any__refuse_bad_input('manage');

/*
 * Refuse to delete what sales used: their redemptions stay.
 * Definer: whoever may delete a promotion need not see its redemptions.
 *
 * Errors:  PT409 in_use
 */
create function pricing.promotions__keep_used()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from pricing.coupon_redemptions
        where
            coupon_redemptions.business_id = old.business_id
            and case tg_table_name
                when 'promotions' then coupon_redemptions.promotion_id
                else coupon_redemptions.coupon_id
            end = old.id
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'Sales have used it.', 'Set is_active to false instead.'
        );
    end if;
    return old;
end;
$$;

create trigger _100_keep_used
before delete on pricing.promotions
for each row
execute function pricing.promotions__keep_used();

create trigger _100_keep_used
before delete on pricing.coupons
for each row
execute function pricing.promotions__keep_used();

/*
 * Refuse a change of a promotion of which the platform bears a share: the platform agreed to it as
 * it is. The business may switch it off.
 *
 * Errors:  PT403 forbidden
 */
create function pricing.promotions__keep_agreed()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if private.is_client() then
        perform private.refuse(
            'PT403', 'forbidden',
            'The platform bears a part of this promotion, so only is_active can change.',
            'Make another promotion, or ask the platform.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_keep_agreed
before update on pricing.promotions
for each row
when (
    old.platform_bps > 0
    and to_jsonb(old) - 'is_active' <> to_jsonb(new) - 'is_active'
)
execute function pricing.promotions__keep_agreed();
