-- Posting. Whoever moves money calls money.post in the transaction that moves it.

/*
 * Make an entry. Positive is a debit, negative is a credit.
 */
create function money.make_entry(account_id uuid, amount_minor bigint)
returns money.entry
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_entry money.entry;
begin
    v_entry.account_id = make_entry.account_id;
    v_entry.amount_minor = make_entry.amount_minor;
    return v_entry;
end;
$$;

/*
 * Write a transaction with its entries, which must sum to zero in each currency. Returns its id.
 * Entries of 0 are left out; without any other entry nothing is written, and the answer is null.
 * A cause that was posted before is not posted again: its first id is returned. `at` is when the
 * money moved; what falls into a closed period is booked on the first day after it.
 *
 * Errors:  PT409 ledger_unbalanced insufficient_credit
 */
create function money.post(
    business_id uuid,
    cause_kind text,
    cause_id uuid,
    entries money.entry[],
    at timestamptz default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_number bigint;
    v_id uuid;
begin
    if not exists (select 1 from unnest(post.entries) as entry where entry.amount_minor <> 0) then
        return null;
    end if;
    insert into money.transactions (business_id, cause_kind, cause_id, at)
    values (
        post.business_id, post.cause_kind, post.cause_id, coalesce(post.at, private.now())
    )
    on conflict on constraint transactions_once_a_cause do nothing
    returning transactions.number, transactions.id into v_number, v_id;
    if not found then
        select transactions.id into v_id
        from money.transactions
        where transactions.cause_kind = post.cause_kind and transactions.cause_id = post.cause_id;
        return v_id;
    end if;
    insert into money.entries (number, position, account_id, amount_minor)
    select v_number, entry.position, entry.account_id, entry.amount_minor
    from unnest(post.entries) with ordinality as entry (account_id, amount_minor, position)
    where entry.amount_minor <> 0;
    return v_id;
end;
$$;

/*
 * Lock the page that the next number belongs to, and return that number. The lock is shared: pages
 * are filled by many at once, and only checkpoints wait until all of them have committed.
 * Each movement comes here: money.page_of is written out, as a call takes longer than the rest.
 */
create function money.next_number()
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    -- Sequences are read outside of snapshots, so this holds at every isolation level.
    v_page bigint = money.current_page();
    v_number bigint;
    v_class integer = money.lock_class('page');
begin
    loop
        perform pg_advisory_xact_lock_shared(v_class, v_page::integer);
        v_number = nextval('money.transaction_numbers');
        -- A number of a later page was drawn before that page was locked: draw again.
        exit when v_number / 256 = v_page;
        v_page = v_number / 256;
    end loop;
    return v_number;
end;
$$;

/*
 * Return the page of a number. A page has 256: few enough to add up for a balance, and enough for a
 * transaction that moves money a million times to hold the locks of all its pages.
 */
create function money.page_of(number bigint)
returns bigint
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select number / 256;
end;

/*
 * Return the first number of a page.
 */
create function money.first_number_of(page bigint)
returns bigint
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select page * 256;
end;

/*
 * Return the page that is being filled.
 */
create function money.current_page()
returns bigint
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select money.page_of(
        coalesce(pg_catalog.pg_sequence_last_value('money.transaction_numbers'::regclass), 1)
    );
end;

/*
 * Return the first key of the ledger's advisory locks. The second is the page or the month. Locks
 * with two keys never meet those of private.lock.
 */
create function money.lock_class(of text)
returns integer
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select case of when 'page' then 3901 when 'month' then 3902 when 'run' then 3903 end;
end;
