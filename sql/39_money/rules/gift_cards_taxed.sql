-- What follows when a voucher pays, when its money returns to it, and when a sale that it paid
-- changes. It happens when the transaction ends, so that a refund and the lines that it takes back
-- are seen together.

/*
 * Write what vouchers pay of a sale of which a gift card pays more, or less, than before.
 * Definer: by then the caller is somebody who may not write sales.
 */
create function money.payment_parts__update_vouchers()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform money.update_vouchers(new.business_id, new.sale_id);
    return null;
end;
$$;

create constraint trigger _910_update_vouchers
after update of captured_minor, refunding_minor, refunded_minor on money.payment_parts
deferrable initially deferred
for each row
when (
    new.provider = 'gift_card'
    and (
        old.captured_minor <> new.captured_minor
        or old.refunding_minor <> new.refunding_minor
        or old.refunded_minor <> new.refunded_minor
    )
)
execute function money.payment_parts__update_vouchers();

/*
 * Write what vouchers pay of a sale that a revision changed. It fires before the trigger that
 * issues a credit note, which shows both revisions.
 * Definer: as above.
 */
create function money.sale_revisions__update_vouchers()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform money.update_vouchers(new.business_id, new.sale_id);
    return null;
end;
$$;

create constraint trigger _915_update_vouchers
after insert on sales.sale_revisions
deferrable initially deferred
for each row
when (new.revision > 0 and new.cause <> 'voucher')
execute function money.sale_revisions__update_vouchers();

/*
 * Take or give back the tax of a revision of a voucher: of the price of a card that could be spent,
 * and of what a card pays.
 * Definer: it runs as whoever corrects the sale, who cannot write earnings.
 */
create function money.sale_lines__take_voucher_tax()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if new.kind = 'voucher' or exists (
        select 1
        from money.gift_cards
        where
            gift_cards.business_id = new.business_id
            and gift_cards.sale_line_id = new.corrects_line_id
            and gift_cards.activated_at is not null
    ) then
        perform money.take_voucher_tax(new);
    end if;
    return null;
end;
$$;

create trigger _800_take_voucher_tax
after insert on sales.sale_lines
for each row
when (new.revision > 0 and new.kind in ('gift_card', 'voucher') and new.tax_minor <> 0)
execute function money.sale_lines__take_voucher_tax();
