-- Documents are issued and never changed; what a sale takes back is credited by itself.

create trigger _100_refuse_rewriting
before update or delete on money.documents
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on money.documents
for each statement execute function private.any__refuse_rewriting();

/*
 * Announce a document, so that a worker draws it.
 * Definer: whoever issues may not write to the queues.
 */
create function money.documents__announce()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.emit(
        'document.issued',
        jsonb_build_object('document_id', new.id, 'business_id', new.business_id)
    );
    return null;
end;
$$;

create trigger _200_announce
after insert on money.documents
for each row execute function money.documents__announce();

/*
 * Release the files of a document whose buyer was emptied, because they still name the buyer.
 * Definer: retention is applied by the workers, who have no access to the tables.
 */
create function money.documents__release_files()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform files.release_records('money.documents', new.id);
    delete from money.document_files
    where
        document_files.business_id = new.business_id
        and document_files.document_id = new.id;
    return null;
end;
$$;

create trigger _300_release_files
after update of buyer on money.documents
for each row
when (new.buyer = '{}' and old.buyer <> '{}')
execute function money.documents__release_files();

/*
 * Issue a credit note for a revision that takes something back from a sale with a document. Japan
 * needs none below 10,000 yen. It looks when the transaction ends, because a revision is written
 * before its lines.
 * Definer: by then the caller is somebody who may not write documents.
 */
create function money.sale_revisions__credit()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_total bigint;
begin
    if money.document_before(new.business_id, new.sale_id, new.revision) is null then
        return null;
    end if;
    select sum(sales.line_total(sale_lines)) into v_total
    from sales.sale_lines
    where
        sale_lines.business_id = new.business_id
        and sale_lines.sale_id = new.sale_id
        and sale_lines.revision = new.revision;
    if v_total < 0 and (
        v_total <= -10000
        or not exists (
            select 1
            from business.businesses
            where businesses.id = new.business_id and businesses.country = 'JP'
        )
    ) then
        perform money.issue_document(
            'credit_note', new.business_id, new.sale_id,
            money.with_vouchers(new.business_id, new.sale_id, new.revision)
        );
    end if;
    return null;
end;
$$;

create constraint trigger _920_credit
after insert on sales.sale_revisions
deferrable initially deferred
for each row
when (new.revision > 0)
execute function money.sale_revisions__credit();
