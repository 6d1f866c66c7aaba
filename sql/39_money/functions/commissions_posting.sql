-- How the shares of a line are posted, and noted as earnings of those whom they belong to.

/*
 * Post how the shares of a line moved, and note what its business and the levels earned by it.
 */
create function money.post_shares(
    terms money.line_terms,
    kind money.earning_kind,
    changes money.share,
    levels money.level_change[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_earning_id uuid = case kind when 'line' then terms.sale_line_id else gen_random_uuid() end;
    v_reserve bigint = case
        when kind = 'line'
            then money.reserve_of(terms.business_id, terms.currency, changes.net_minor)
        else 0
    end;
begin
    perform money.post(
        terms.business_id,
        case kind when 'line' then 'delivery' else 'reversal' end,
        v_earning_id,
        money.share_entries(terms, changes, v_reserve)
        || money.level_entries(terms.currency, levels)
    );
    perform money.note_earning(terms, v_earning_id, post_shares.kind, changes.net_minor);
    perform money.note_earning(terms, gen_random_uuid(), 'reserve', - v_reserve);
    perform money.note_earning(terms, gen_random_uuid(), 'release', v_reserve);
    perform money.note_party_earnings(terms, post_shares.kind, levels);
end;
$$;

/*
 * Return the entries of a line, but for its commission: the pending money of the customer and the
 * discount that the platform bears become the business's and the withheld tax.
 */
create function money.share_entries(
    terms money.line_terms, changes money.share, reserve_minor bigint
)
returns money.entry[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return array[
        money.make_entry(
            money.account('business_pending', terms.currency, business_id => terms.business_id),
            changes.paid_minor
        ),
        money.make_entry(
            money.account('discounts_granted', terms.currency), changes.subsidy_minor
        ),
        money.make_entry(
            money.account('tax_withheld', terms.currency), - changes.withheld_minor
        ),
        money.make_entry(
            money.account('business_payable', terms.currency, business_id => terms.business_id),
            reserve_minor - changes.net_minor
        ),
        money.make_entry(
            money.account('business_reserve', terms.currency, business_id => terms.business_id),
            - reserve_minor
        )
    ];
end;
$$;

/*
 * Return the entries of the levels of a commission: a party's share is what it can be paid out, the
 * rest is the platform's.
 */
create function money.level_entries(currency text, levels money.level_change[])
returns money.entry[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return array(
        select
            money.make_entry(
                case
                    when level.party_id is null then money.account('commission', currency)
                    else money.account('business_payable', currency, business_id => level.party_id)
                end,
                - level.amount_minor
            )
        from unnest(levels) as level
    );
end;
$$;

/*
 * Return what is kept of the net of a line against refunds.
 */
create function money.reserve_of(business_id uuid, currency text, net_minor bigint)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select money.share_of(greatest(net_minor, 0), payout_accounts.reserve_bps)
            from money.payout_accounts
            where
                payout_accounts.business_id = reserve_of.business_id
                and payout_accounts.currency = reserve_of.currency
        ),
        0
    );
end;
$$;

/*
 * Note that a business earned by a line, or lost. It is open until a payout has it, and cannot be
 * paid out before the customer has paid the sale.
 */
create function money.note_earning(
    terms money.line_terms, earning_id uuid, kind money.earning_kind, amount_minor bigint
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if note_earning.amount_minor = 0 then
        return;
    end if;
    insert into money.earnings (
        business_id, id, currency, kind, sale_id, sale_line_id, amount_minor, earned_at
    )
    values (
        terms.business_id, note_earning.earning_id, terms.currency, note_earning.kind,
        terms.sale_id, terms.sale_line_id, note_earning.amount_minor, private.now()
    );
    insert into money.open_earnings (
        business_id, earning_id, currency, sale_id, amount_minor, is_release
    )
    values (
        terms.business_id, note_earning.earning_id, terms.currency, terms.sale_id,
        note_earning.amount_minor, note_earning.kind = 'release'
    );
end;
$$;

/*
 * Note what the parties of a commission earned by it, or lost.
 */
create function money.note_party_earnings(
    terms money.line_terms, kind money.earning_kind, levels money.level_change[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    with earned as (
        insert into money.earnings (
            business_id, id, currency, kind, commission_id, amount_minor, earned_at
        )
        select
            level.party_id,
            -- What was earned first has the id of its commission, so a payout of it is found.
            case kind when 'line' then level.commission_id else gen_random_uuid() end,
            terms.currency, 'commission', level.commission_id, level.amount_minor, private.now()
        from unnest(levels) as level
        where level.party_id is not null and level.amount_minor <> 0
        returning earnings.*
    )

    insert into money.open_earnings (business_id, earning_id, currency, sale_id, amount_minor)
    select earned.business_id, earned.id, earned.currency, terms.sale_id, earned.amount_minor
    from earned;
end;
$$;
