-- Payouts to bank accounts. The operator takes the approved ones in a file, transfers them at their
-- bank, and says what became of each. Only the workers' program that writes the file opens the
-- numbers.

/*
 * Let a payout account of the provider bank be paid out once there is a bank account; until then
 * say that it is missing. A new bank account ends the restriction after a failed transfer.
 */
create function money.check_bank_payouts(business_id uuid, currency text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_is_known boolean = exists (
        select 1
        from money.bank_accounts
        where
            bank_accounts.business_id = check_bank_payouts.business_id
            and bank_accounts.currency = check_bank_payouts.currency
    );
begin
    update money.payout_accounts
    set
        provider_reference
        = check_bank_payouts.business_id || ':' || check_bank_payouts.currency,
        status = case when v_is_known then 'active' else 'pending' end
        ::money.payout_account_status,
        missing = case when v_is_known then '{}' else '{bank_account}' end::text[]
    where
        payout_accounts.business_id = check_bank_payouts.business_id
        and payout_accounts.currency = check_bank_payouts.currency
        and payout_accounts.status <> 'rejected'
        and money.is_by_hand(payout_accounts.provider);
end;
$$;

/*
 * Put the approved payouts of a currency into a file: from now on their transfers are under way.
 * Returns the file; null when none waits. Each payout is in one file, also when two are made at the
 * same time.
 */
create function money.start_transfers(currency text)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_file_id uuid = gen_random_uuid();
begin
    update money.payouts
    set status = 'in_transit', file_id = v_file_id, secret_id = bank_accounts.secret_id
    from money.payout_accounts as accounts
    inner join money.bank_accounts
        on
            bank_accounts.business_id = accounts.business_id
            and bank_accounts.currency = accounts.currency
    where
        payouts.status = 'approved'
        and payouts.currency = start_transfers.currency
        and accounts.business_id = payouts.business_id
        and accounts.currency = payouts.currency
        and accounts.status = 'active'
        and money.is_by_hand(payouts.provider);
    return case when found then v_file_id end;
end;
$$;

/*
 * Return the transfers of a file. The sealed numbers are null where the bank account was changed
 * since the file was made: the transfer may have gone to the one before.
 * Definer: called by the program that writes the file, which has no access to the tables.
 */
create function money.transfers_of_file(file_id uuid)
returns table (
    payout_id uuid,
    business text,
    holder_name text,
    country text,
    sealed bytea,
    amount_minor bigint,
    minor_digits smallint,
    currency text
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select
        payouts.id, businesses.name, bank_accounts.holder_name, bank_accounts.country,
        private.sealed_secret(payouts.secret_id), payouts.amount_minor,
        currencies.minor_digits, payouts.currency
    from money.payouts
    inner join business.businesses on businesses.id = payouts.business_id
    inner join pricing.currencies on currencies.code = payouts.currency
    inner join money.bank_accounts
        on
            bank_accounts.business_id = payouts.business_id
            and bank_accounts.currency = payouts.currency
    where payouts.file_id = transfers_of_file.file_id
    order by payouts.created_at, payouts.id;
end;
$$;

/*
 * Note for the operator what became of transfers: `succeeded` or `failed`. A bank may return one
 * days after it succeeded. Returns how many payouts took the step; what was noted before counts as
 * none.
 *
 * Errors:  PT404 not_found · PT409 invalid_transition
 */
create function money.settle_transfers(
    payout_or_file_id uuid, outcome text, failure text default null
)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_payout money.payouts;
    v_status money.payout_status;
    v_is_known boolean = false;
    v_count integer = 0;
begin
    for v_payout in
        select payouts.*
        from money.payouts
        where
            payout_or_file_id in (payouts.id, payouts.file_id)
            and money.is_by_hand(payouts.provider)
        order by payouts.id
        for no key update
    loop
        v_is_known = true;
        perform money.require_transfer(v_payout);
        v_status = money.record_payout(v_payout.id, outcome, null, failure);
        v_count = v_count + (v_status <> v_payout.status)::integer;
    end loop;
    if not v_is_known then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such transfer.',
            'List them: ./frontdesk payouts list.'
        );
    end if;
    return v_count;
end;
$$;

/*
 * Refuse to note the end of a transfer that is in no file yet.
 *
 * Errors:  PT409 invalid_transition
 */
create function money.require_transfer(payout money.payouts)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if payout.file_id is null then
        perform private.refuse(
            'PT409', 'invalid_transition', 'The payout is in no file yet.',
            'Make one with ./frontdesk payouts export.'
        );
    end if;
end;
$$;
