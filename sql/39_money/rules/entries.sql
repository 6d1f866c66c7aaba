-- The ledger is only added to, by the owner of the database as by anybody else, and only in
-- balance.

/*
 * Number a transaction, and book it under the day on which the money moved, or under the first open
 * day. Whoever books under a day of an earlier month shares the lock of that month, so that closing
 * it waits for them.
 */
create function money.transactions__number()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_today date = (private.now() at time zone 'UTC')::date;
begin
    new.number = money.next_number();
    new.xact = pg_current_xact_id();
    new.booked_on = (new.at at time zone 'UTC')::date;
    if new.booked_on < v_today then
        perform pg_advisory_xact_lock_shared(
            money.lock_class('month'), money.month_of(new.booked_on)
        );
        new.booked_on = greatest(new.booked_on, money.first_open_day());
    end if;
    -- The first number of a page (money.page_of) says that the page before is full.
    if new.number % 256 = 0 then
        perform private.emit('ledger.page_filled', '{}');
    end if;
    return new;
end;
$$;

create trigger _010_number
before insert on money.transactions
for each row execute function money.transactions__number();

/*
 * Refuse entries that do not sum to zero in each currency of each transaction, entries of unknown
 * accounts, and entries that are added to an earlier transaction. Keep what can be spent.
 * It looks once at all entries of a statement, so nothing is ever out of balance, not even until
 * the commit.
 *
 * Errors:  PT409 ledger_unbalanced
 */
create function money.entries__keep_balanced()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_unbalanced text;
    v_has_spendable boolean;
begin
    select
        string_agg(
            format('%s %s', sums.amount_minor, coalesce(sums.currency, 'out of place')), ', '
        ) filter (where sums.amount_minor <> 0 or sums.currency is null),
        bool_or(sums.has_spendable)
    into v_unbalanced, v_has_spendable
    from (
        select
            accounts.currency,
            sum(written.amount_minor) as amount_minor,
            -- money.is_spendable, written out: each movement comes here.
            bool_or(accounts.kind in ('customer_credit', 'gift_cards')) as has_spendable
        from written
        left join money.transactions
            on written.number = transactions.number and transactions.xact = pg_current_xact_id()
        left join money.accounts
            on written.account_id = accounts.id and transactions.number is not null
        group by written.number, accounts.currency
    ) as sums;
    if v_unbalanced is not null then
        perform private.refuse(
            'PT409', 'ledger_unbalanced',
            format('The entries of a transaction do not sum to zero: %s.', v_unbalanced),
            'Debit and credit the same amount in each currency.'
        );
    end if;
    if v_has_spendable then
        perform money.spend(array(
            select money.make_entry(written.account_id, sum(written.amount_minor)::bigint)
            from written
            inner join money.accounts on written.account_id = accounts.id
            where money.is_spendable(accounts.kind)
            group by written.account_id
            order by written.account_id
        ));
    end if;
    return null;
end;
$$;

create trigger _010_keep_balanced
after insert on money.entries
referencing new table as written
for each statement execute function money.entries__keep_balanced();

create trigger _100_refuse_rewriting
before update or delete on money.transactions
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on money.transactions
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on money.entries
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on money.entries
for each statement execute function private.any__refuse_rewriting();
