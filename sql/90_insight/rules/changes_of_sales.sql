-- Sales, and money that moved.

/*
 * Return the instants of the later sales of a sale's customer: of an account or, without one, of
 * an e-mail address or, without that, of a phone number.
 */
create function insight.later_sales(sale sales.sales)
returns setof timestamptz
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if sale.customer_id is not null then
        return query
        select sales.placed_at
        from sales.sales
        where
            sales.business_id = sale.business_id
            and sales.customer_id = sale.customer_id
            and sales.placed_at > sale.placed_at;
    elsif sale.customer_email is not null then
        return query
        select sales.placed_at
        from sales.sales
        where
            sales.business_id = sale.business_id
            and sales.customer_id is null
            and lower(sales.customer_email) = lower(sale.customer_email)
            and sales.placed_at > sale.placed_at;
    elsif sale.customer_phone is not null then
        return query
        select sales.placed_at
        from sales.sales
        where
            sales.business_id = sale.business_id
            and sales.customer_id is null
            and sales.customer_email is null
            and sales.customer_phone = sale.customer_phone
            and sales.placed_at > sale.placed_at;
    end if;
end;
$$;

/*
 * Note the day of a sale, and the later days on which the same customer bought: whether they were
 * new then depends on this sale.
 */
create function insight.note_customer(sale sales.sales)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform insight.note_changes(sale.business_id, sale.placed_at, sale.placed_at);
    perform insight.note_changes(sale.business_id, later.at, later.at)
    from insight.later_sales(sale) as later (at);
end;
$$;

/*
 * Note the days that change with a sale or its customer.
 * Definer: as insight.bookings__note_days.
 */
create function insight.sales__note_days()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op <> 'INSERT' then
        perform insight.note_customer(old);
    end if;
    if tg_op <> 'DELETE' then
        perform insight.note_customer(new);
    end if;
    return null;
end;
$$;

create trigger _750_note_days
after insert or delete on sales.sales
for each row execute function insight.sales__note_days();

create trigger _751_note_days
after update on sales.sales
for each row
when (
    old.customer_id is distinct from new.customer_id
    or old.customer_email is distinct from new.customer_email
    or old.customer_phone is distinct from new.customer_phone
    or old.placed_at <> new.placed_at
)
execute function insight.sales__note_days();

/*
 * Note the day on which lines are written.
 * Definer: as insight.bookings__note_days.
 */
create function insight.sale_revisions__note_day()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform insight.note_changes(new.business_id, new.at, new.at);
    return null;
end;
$$;

create trigger _750_note_day
after insert on sales.sale_revisions
for each row execute function insight.sale_revisions__note_day();

/*
 * Note the days of a sale of which a service or a variant was deleted.
 * Definer: as insight.bookings__note_days.
 */
create function insight.sale_lines__note_days()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform insight.note_sale(new.business_id, new.sale_id);
    return null;
end;
$$;

create trigger _750_note_days
after update on sales.sale_lines
for each row
when (
    old.service_id is distinct from new.service_id
    or old.variant_id is distinct from new.variant_id
)
execute function insight.sale_lines__note_days();

/*
 * Return what a movement of the ledger means for the revenue of businesses; nothing for most.
 */
create function insight.takings_of(movement money.transactions)
returns setof insight.takings
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        accounts.business_id,
        (movement).number,
        (movement).at,
        case (movement).cause_kind
            when 'capture' then 'captured'
            when 'refund' then 'refunded'
            when 'dispute_lost' then 'disputed'
            else 'gift_cards'
        end::insight.taking_kind,
        accounts.currency,
        (
            sum(entries.amount_minor)
            * case (movement).cause_kind when 'capture' then -1 else 1 end
        )::bigint
    from money.entries
    inner join money.accounts on accounts.id = entries.account_id
    where
        entries.number = (movement).number
        and accounts.kind in ('business_pending', 'business_payable')
    group by accounts.business_id, accounts.currency;
end;
$$;

/*
 * Write down takings, and note their days. It looks once at all entries of a statement.
 * Definer: as insight.bookings__note_days.
 */
create function insight.entries__note_takings()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_taking insight.takings;
begin
    for v_taking in
        insert into insight.takings (business_id, number, at, kind, currency, amount_minor)
        select takings.*
        from (select distinct written.number from written) as moved
        inner join money.transactions on transactions.number = moved.number
        cross join lateral insight.takings_of(transactions) as takings
        where
            transactions.cause_kind in (
                'capture', 'refund', 'dispute_lost', 'gift_card.sold', 'gift_card.cancelled'
            )
        returning takings.*
    loop
        perform insight.note_changes(v_taking.business_id, v_taking.at, v_taking.at);
    end loop;
    return null;
end;
$$;

create trigger _750_note_takings
after insert on money.entries
referencing new table as written
for each statement execute function insight.entries__note_takings();
