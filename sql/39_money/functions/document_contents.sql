-- What stands on a document.

/*
 * Return who sells, as documents show it.
 */
create function money.seller_of(business_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'name', businesses.name,
            'address_line1', businesses.address_line1,
            'address_line2', businesses.address_line2,
            'postal_code', businesses.postal_code,
            'city', businesses.city,
            'region', businesses.region,
            'country', businesses.country,
            'email', businesses.email,
            'locale', businesses.locale,
            'time_zone', businesses.time_zone,
            'tax_number', pricing.tax_number_of(businesses.id, businesses.country)
        )
        from business.businesses
        where businesses.id = seller_of.business_id
    );
end;
$$;

/*
 * Return who bought, as documents show it, with their verified tax number.
 */
create function money.buyer_of(business_id uuid, sale_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'name', sales.customer_name,
            'email', sales.customer_email,
            'country', numbers.country,
            'tax_number', numbers.number
        )
        from sales.sales
        left join lateral (
            select tax_numbers.country, tax_numbers.number
            from customers.customers
            inner join pricing.tax_numbers
                on
                    tax_numbers.business_id = customers.business_id
                    and tax_numbers.customer_id = coalesce(customers.merged_into_id, customers.id)
            where
                customers.business_id = sales.business_id
                and customers.user_id = sales.customer_id
                and tax_numbers.status = 'verified'
            order by tax_numbers.created_at
            limit 1
        ) as numbers on true
        where sales.business_id = buyer_of.business_id and sales.id = buyer_of.sale_id
    );
end;
$$;

/*
 * Return the lines that a document covers, in their order. A credit note shows what is taken back
 * as positive amounts.
 */
create function money.lines_of_document(document money.documents)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_sign constant integer = case document.kind when 'credit_note' then -1 else 1 end;
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'kind', sale_lines.kind,
                    'name', sale_lines.name,
                    'quantity', sale_lines.quantity,
                    'unit_minor', v_sign * sale_lines.unit_minor,
                    'amount_minor', v_sign * sale_lines.amount_minor,
                    'discount_minor', v_sign * sale_lines.discount_minor,
                    'tax_minor', v_sign * sale_lines.tax_minor,
                    'tax_is_included', sale_lines.tax_is_included,
                    'total_minor', v_sign * sales.line_total(sale_lines),
                    'taxes', money.taxes_of_line(sale_lines, v_sign)
                )
                order by sale_lines.position
            ),
            '[]'
        )
        from sales.sale_lines
        where
            sale_lines.business_id = document.business_id
            and sale_lines.sale_id = document.sale_id
            and sale_lines.revision between document.first_revision and document.revision
    );
end;
$$;

/*
 * Return the taxes of a line: [{component, rate_bps, base_minor, tax_minor}].
 */
create function money.taxes_of_line(line sales.sale_lines, sign integer)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'component', sale_line_taxes.component,
                    'rate_bps', sale_line_taxes.rate_bps,
                    'base_minor', sign * sale_line_taxes.base_minor,
                    'tax_minor', sign * sale_line_taxes.tax_minor
                )
                order by sale_line_taxes.position
            ),
            '[]'
        )
        from sales.sale_line_taxes
        where
            sale_line_taxes.business_id = line.business_id
            and sale_line_taxes.sale_line_id = line.id
    );
end;
$$;

/*
 * Return the taxes of a document: a row for each component and rate.
 */
create function money.taxes_of_document(document money.documents)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_sign constant integer = case document.kind when 'credit_note' then -1 else 1 end;
begin
    return (
        select coalesce(
            jsonb_agg(to_jsonb(rows) order by rows.rate_bps desc, rows.component), '[]'
        )
        from (
            select
                sale_taxes.component,
                sale_taxes.rate_bps,
                max(sale_taxes.jurisdiction) as jurisdiction,
                v_sign * sum(sale_taxes.base_minor)::bigint as base_minor,
                v_sign * sum(sale_taxes.tax_minor)::bigint as tax_minor
            from sales.sale_taxes
            where
                sale_taxes.business_id = document.business_id
                and sale_taxes.sale_id = document.sale_id
                and sale_taxes.revision between document.first_revision and document.revision
            group by sale_taxes.component, sale_taxes.rate_bps
        ) as rows
    );
end;
$$;
