-- Sales are added to, never rewritten, whoever asks.

create trigger _100_refuse_rewriting
before update or delete on sales.sale_revisions
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on sales.sale_lines
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on sales.sale_taxes
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on sales.sale_line_taxes
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on sales.sale_line_discounts
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_line_taxes
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on sales.sale_coupons
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_revisions
for each statement execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_lines
for each statement execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_taxes
for each statement execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_line_discounts
for each statement execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_coupons
for each statement execute function private.any__refuse_rewriting();

-- A sale keeps its business, currency, moment and the basket that it was put into; who bought may
-- change.
create trigger _100_refuse_rewriting
before update on sales.sales
for each row
when (
    old.id <> new.id
    or old.business_id <> new.business_id
    or old.basket_id <> new.basket_id
    or old.basket_id is not null and new.basket_id is null
    or old.currency <> new.currency
    or old.placed_at <> new.placed_at
)
execute function private.any__refuse_rewriting();

/*
 * Refuse a revision whose tax rows are missing, or are not the sum of its lines. Looked at when the
 * transaction ends, because a revision is written before its lines and taxes.
 * Definer: by then the caller is somebody who may not read every sale.
 */
create function sales.sale_revisions__require_taxes()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_taxes bigint = (
        select sum(sale_taxes.tax_minor)
        from sales.sale_taxes
        where
            sale_taxes.business_id = new.business_id
            and sale_taxes.sale_id = new.sale_id
            and sale_taxes.revision = new.revision
    );
begin
    if v_taxes is distinct from (
        select coalesce(sum(sale_lines.tax_minor), 0)
        from sales.sale_lines
        where
            sale_lines.business_id = new.business_id
            and sale_lines.sale_id = new.sale_id
            and sale_lines.revision = new.revision
    ) and exists (
        select 1
        from sales.sale_revisions
        where
            sale_revisions.business_id = new.business_id
            and sale_revisions.sale_id = new.sale_id
            and sale_revisions.revision = new.revision
    ) then
        raise exception using
            errcode = 'check_violation',
            constraint = 'sale_revisions_have_taxes',
            message = format(
                'Revision %s of sale %s has no tax rows that add up.', new.revision, new.sale_id
            );
    end if;
    return null;
end;
$$;

create constraint trigger _910_require_taxes
after insert on sales.sale_revisions
deferrable initially deferred
for each row execute function sales.sale_revisions__require_taxes();

create trigger _100_refuse_rewriting
before update or delete on sales.sale_line_deliveries
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_line_deliveries
for each statement execute function private.any__refuse_rewriting();
