-- What a sale would leave to whom, before anybody sells anything.

/*
 * Return what everybody would have of a line that a business sells now: what the customer pays,
 * what the platform adds for a discount that it bears, each level's share, the tax that is withheld
 * and what is left for the business. Amounts that leave the business are negative, so the rows but
 * the last add up to the last.
 */
create function money.simulate_line(
    line sales.sale_lines, currency text, subsidy_minor bigint, tax_is_added boolean
)
returns table (place integer, party text, reason text, amount_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_sale sales.sales;
    v_plan_id uuid;
    v_terms money.line_terms;
    v_shares money.share;
begin
    v_sale.id = gen_random_uuid();
    v_sale.business_id = line.business_id;
    v_sale.currency = simulate_line.currency;
    v_sale.placed_at = private.now();
    v_plan_id = money.plan_at(v_sale, line);
    v_terms = money.make_terms(
        line, v_plan_id, v_sale.currency, money.turnover_for(v_plan_id, v_sale),
        line.amount_minor - line.discount_minor
        + case when tax_is_added then line.tax_minor else 0 end,
        simulate_line.subsidy_minor
    );
    v_shares = money.shares(v_terms, 0);
    return query
    select 1, 'customer', 'pays', v_shares.paid_minor
    union all
    select 2, 'platform', 'bears a discount', v_shares.subsidy_minor
    where v_shares.subsidy_minor > 0
    union all
    select
        3 + row_number() over (order by levels.level)::integer,
        coalesce(businesses.name, 'platform'),
        format('commission of the level %s', levels.level),
        - levels.amount_minor
    from money.split_commission(v_plan_id, v_terms.commission_minor) as levels
    left join money.commission_parties as parties
        on parties.business_id = line.business_id and parties.level = levels.level
    left join business.businesses on businesses.id = parties.party_id
    union all
    select
        20, 'tax',
        case v_terms.tax_treatment
            when 'commission_taxed' then 'on the commission' else 'withheld from the sale'
        end,
        - v_shares.withheld_minor
    where v_shares.withheld_minor > 0
    union all
    select 21, businesses.name, 'earns', v_shares.net_minor
    from business.businesses
    where businesses.id = line.business_id;
end;
$$;
