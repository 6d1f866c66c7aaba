-- Accounts are found by what they are, and made when they are first needed.

/*
 * Return the account of a kind, currency and owner. It is made when there is none.
 */
create function money.account(
    kind money.account_kind,
    currency text,
    business_id uuid default null,
    provider text default null,
    owner_id uuid default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = money.account_id(kind, currency, business_id, provider, owner_id);
begin
    if not exists (select 1 from money.accounts where accounts.id = v_id) then
        insert into money.accounts (id, kind, currency, business_id, provider, owner_id, created_at)
        values (
            v_id, account.kind, account.currency, account.business_id, account.provider,
            account.owner_id, private.now()
        )
        on conflict do nothing;
    end if;
    return v_id;
end;
$$;

/*
 * Return the key of an account, which follows from what it is. So no index is asked for it, and two
 * that make the same account at the same time make one.
 */
create function money.account_id(
    kind money.account_kind,
    currency text,
    business_id uuid,
    provider text,
    owner_id uuid
)
returns uuid
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return md5(concat_ws(
        ' ', kind, currency, coalesce(business_id::text, '-'), coalesce(provider, '-'),
        coalesce(owner_id::text, '-')
    ))::uuid;
end;
$$;

/*
 * May the balance of such an account not go negative? Its changes wait for each other.
 */
create function money.is_spendable(kind money.account_kind)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select kind in ('customer_credit', 'gift_cards');
end;

/*
 * Return the balance of an account in minor units: positive is a debit. An account that was not
 * made yet has 0.
 * Definer: entries are nobody's to read. The views that call this show only the caller's accounts.
 */
create function money.balance(account_id uuid)
returns bigint
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_checkpoint money.checkpoints;
begin
    select checkpoints.* into v_checkpoint
    from money.checkpoints
    where checkpoints.account_id = balance.account_id
    order by checkpoints.through_number desc
    limit 1;
    return (
        select coalesce(v_checkpoint.balance_minor, 0) + coalesce(sum(entries.amount_minor), 0)
        from money.entries
        where
            entries.account_id = balance.account_id
            and entries.number > coalesce(v_checkpoint.through_number, 0)
    );
end;
$$;
