-- Money that arrives keeps what was used for the price.

/*
 * Keep the promotions of a sale for good once any of it is paid: cancelling it later gives no use
 * back.
 */
create function money.payment_parts__keep_coupons()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform sales.keep_coupons(new.business_id, new.sale_id);
    return null;
end;
$$;

create trigger _210_keep_coupons
after insert or update of captured_minor on money.payment_parts
for each row
when (new.captured_minor > 0)
execute function money.payment_parts__keep_coupons();
