-- How a sale redeems points: in the transaction that writes it.

/*
 * Redeem the points that a quote lists on its lines, of the customer who buys.
 *
 * Errors:  PT409 insufficient_points
 */
create function sales.claim_points(
    business_id uuid, sale_id uuid, quote jsonb, customer_id uuid, customer_email text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_points bigint = (
        select sum((discount.value ->> 'points')::bigint)
        from jsonb_array_elements(claim_points.quote -> 'lines') as line (value)
        cross join jsonb_array_elements(line.value -> 'discounts') as discount (value)
    );
begin
    if v_points > 0 then
        perform loyalty.redeem(
            claim_points.business_id,
            customers.customer_of(
                claim_points.business_id, claim_points.customer_id, claim_points.customer_email
            ),
            claim_points.sale_id,
            v_points
        );
    end if;
end;
$$;
