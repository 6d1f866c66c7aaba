-- What must never happen to stock: a movement that is changed or deleted, a level that differs from
-- the sum of its movements, a transfer in which pieces appear or vanish.

create trigger _100_refuse_rewriting
before update or delete on commerce.stock_movements
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on commerce.stock_movements
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on commerce.stock_transfers
for each row execute function private.any__refuse_rewriting();

/*
 * Change the levels by what a statement moved. One update changes them all, so the trail records
 * them at once.
 * Definer: nobody has a write grant on levels.
 */
create function commerce.stock_movements__change_level()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    update commerce.stock_levels
    set on_hand = stock_levels.on_hand + sums.quantity
    from (
        select
            moved.business_id,
            moved.store_id,
            moved.variant_id,
            sum(moved.quantity)::integer as quantity
        from moved
        group by moved.business_id, moved.store_id, moved.variant_id
    ) as sums
    where
        stock_levels.business_id = sums.business_id
        and stock_levels.store_id = sums.store_id
        and stock_levels.variant_id = sums.variant_id;
    return null;
end;
$$;

create trigger _500_change_level
after insert on commerce.stock_movements
referencing new table as moved
for each statement execute function commerce.stock_movements__change_level();

/*
 * Refuse, when the transaction ends, a transfer that does not put into one store what it takes from
 * the other.
 * Definer: it reads every movement of the transfer, whoever moved.
 */
create function commerce.stock_movements__net_to_zero()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if 0 <> (
        select sum(stock_movements.quantity)
        from commerce.stock_movements
        where
            stock_movements.business_id = new.business_id
            and stock_movements.transfer_id = new.transfer_id
            and stock_movements.variant_id = new.variant_id
    ) then
        raise exception using
            errcode = 'check_violation',
            message = 'The movements of a transfer must net to zero.',
            constraint = 'stock_movements_net_to_zero';
    end if;
    return null;
end;
$$;

create constraint trigger _510_net_to_zero
after insert on commerce.stock_movements
deferrable initially deferred
for each row
when (new.transfer_id is not null)
execute function commerce.stock_movements__net_to_zero();

/*
 * Send an alert when a level falls to its threshold, once until it recovers.
 */
create function commerce.stock_levels__alert()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_was_low constant boolean = new.is_low;
begin
    new.is_low = coalesce(new.on_hand <= new.alert_threshold, false);
    if new.is_low and not v_was_low then
        perform private.emit(
            'stock.low',
            jsonb_build_object(
                'business_id', new.business_id,
                'store_id', new.store_id,
                'variant_id', new.variant_id,
                'on_hand', new.on_hand
            )
        );
    end if;
    return new;
end;
$$;

create trigger _100_alert
before update of on_hand, alert_threshold on commerce.stock_levels
for each row execute function commerce.stock_levels__alert();

/*
 * Refuse to delete a store or a variant that stock has moved in.
 * Definer: it reads movements that the caller may not.
 *
 * Errors:  PT409 in_use
 */
create function commerce.any__refuse_stocked()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from commerce.stock_movements
        where
            stock_movements.business_id = old.business_id
            and old.id in (stock_movements.store_id, stock_movements.variant_id)
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'It has movements of stock.',
            'Switch the store or the variant off, or archive the product.'
        );
    end if;
    return old;
end;
$$;

create trigger _200_refuse_stocked
before delete on business.stores
for each row execute function commerce.any__refuse_stocked();

create trigger _200_refuse_stocked
before delete on catalog.product_variants
for each row execute function commerce.any__refuse_stocked();
