-- From when earnings can be paid out, and what is taken from them beside sales.

/*
 * Say from when the earnings of a sale can be paid out, once the customer has paid it: at once for
 * what is taken back, after the account's hold for what was earned, and after the time of the
 * reserve for what was kept.
 * Definer: it runs inside triggers of whoever captures.
 */
create function money.release_paid_sale(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not money.is_paid(release_paid_sale.business_id, release_paid_sale.sale_id) then
        return;
    end if;
    update money.open_earnings
    set
        available_at = earnings.earned_at + make_interval(
            days => case
                when earnings.kind = 'release' then accounts.hold_days + accounts.reserve_days
                when earnings.amount_minor < 0 and earnings.kind <> 'reserve' then 0
                else coalesce(accounts.hold_days, 2)
            end
        )
    from money.earnings
    left join money.payout_accounts as accounts
        on
            accounts.business_id = earnings.business_id
            and accounts.currency = earnings.currency
    where
        open_earnings.sale_id = release_paid_sale.sale_id
        and open_earnings.available_at is null
        and earnings.business_id = open_earnings.business_id
        and earnings.id = open_earnings.earning_id;
end;
$$;

/*
 * Has the customer paid what a sale owes? What was given back later is taken from the earnings.
 */
create function money.is_paid(business_id uuid, sale_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(sales.line_total(sale_lines)), 0)
        from sales.sale_lines
        where
            sale_lines.business_id = is_paid.business_id
            and sale_lines.sale_id = is_paid.sale_id
    ) <= (
        select coalesce(sum(payment_parts.captured_minor), 0)
        from money.payment_parts
        where
            payment_parts.business_id = is_paid.business_id
            and payment_parts.sale_id = is_paid.sale_id
    );
end;
$$;

/*
 * Take an amount from what a business can be paid out, such as cash that it has already; a negative
 * one is given to it. `account_id` is where the platform had it. Without one it is posted already.
 */
create function money.take_from_earnings(
    business_id uuid,
    currency text,
    kind money.earning_kind,
    amount_minor bigint,
    account_id uuid default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = gen_random_uuid();
begin
    if take_from_earnings.amount_minor = 0 then
        return;
    end if;
    insert into money.earnings (business_id, id, currency, kind, amount_minor, earned_at)
    values (
        take_from_earnings.business_id, v_id, take_from_earnings.currency, take_from_earnings.kind,
        - take_from_earnings.amount_minor, private.now()
    );
    insert into money.open_earnings (business_id, earning_id, currency, amount_minor, available_at)
    values (
        take_from_earnings.business_id, v_id, take_from_earnings.currency,
        - take_from_earnings.amount_minor, private.now()
    );
    if account_id is not null then
        perform money.post(
            take_from_earnings.business_id,
            case take_from_earnings.kind
                when 'cash' then 'earning' else take_from_earnings.kind::text
            end,
            v_id,
            array[
                money.make_entry(
                    money.account(
                        'business_payable', take_from_earnings.currency,
                        business_id => take_from_earnings.business_id
                    ),
                    take_from_earnings.amount_minor
                ),
                money.make_entry(account_id, - take_from_earnings.amount_minor)
            ]
        );
    end if;
end;
$$;
