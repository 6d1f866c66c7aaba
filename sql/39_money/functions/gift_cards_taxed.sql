-- Gift cards that are taxed when they are sold (vouchers). Their tax falls due then, before their
-- business has earned anything of it: where the platform passes tax on, it takes the tax from what
-- the business can be paid out, and gives it back as cards pay for what is taxed itself.

/*
 * Write what vouchers pay of a sale now. A sale that no voucher paid is left alone.
 */
create function money.update_vouchers(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_paid bigint = (
        select
            sum(
                payment_parts.captured_minor - payment_parts.refunding_minor
                - payment_parts.refunded_minor
            )
        from money.payment_parts
        inner join money.credit_payments
            on credit_payments.payment_id = payment_parts.payment_id
        inner join money.gift_cards
            on gift_cards.account_id = credit_payments.account_id
        where
            payment_parts.business_id = update_vouchers.business_id
            and payment_parts.sale_id = update_vouchers.sale_id
            and payment_parts.provider = 'gift_card'
            and gift_cards.is_taxed
    );
begin
    if v_paid is not null then
        perform sales.apply_vouchers(update_vouchers.business_id, update_vouchers.sale_id, v_paid);
    end if;
end;
$$;

/*
 * Take the tax of a line of a voucher from what its business can be paid out, where the platform
 * passes tax on; a negative tax is given back. What a voucher pays is treated like the line that it
 * pays.
 */
create function money.take_voucher_tax(line sales.sale_lines)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale sales.sales;
    v_like sales.sale_lines;
begin
    select sales.* into strict v_sale
    from sales.sales
    where sales.business_id = line.business_id and sales.id = line.sale_id;
    select sale_lines.* into strict v_like
    from sales.sale_lines
    where
        sale_lines.business_id = line.business_id
        and sale_lines.id = coalesce(line.corrects_line_id, line.id);
    if money.tax_treatment_of(v_sale, v_like) = 'platform_remits' then
        perform money.take_from_earnings(
            line.business_id, v_sale.currency, 'gift_card_tax', line.tax_minor,
            money.account('tax_withheld', v_sale.currency)
        );
    end if;
end;
$$;

/*
 * Return who passes the tax of a line on: as its plan says, or as by default.
 */
create function money.tax_treatment_of(sale sales.sales, line sales.sale_lines)
returns money.tax_treatment
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select plans.tax_treatment
            from money.commission_plans as plans
            where plans.id = money.plan_at(sale, line)
        ),
        'platform_remits'
    );
end;
$$;
