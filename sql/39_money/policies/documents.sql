-- Who may read documents: customers those of what they bought, members those of their business.
-- Nobody writes: documents are issued.

alter table money.document_counters enable row level security;
alter table money.documents enable row level security;
alter table money.document_files enable row level security;

-- No grant on counters: only money.issue_document takes a number.
grant select on money.documents, money.document_files to authenticated;
grant select on money.document_counters, money.documents, money.document_files to service_role;

create policy documents_select
on money.documents
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or sale_id = any(array(select private.my_sales()))
);

create policy document_files_select
on money.document_files
for select
to authenticated
using (
    exists (
        select 1
        from money.documents
        where documents.id = document_files.document_id
    )
);

grant execute on function
money.request_document(uuid, money.document_kind),
money.document_reference(money.document_kind, bigint)
to anon, authenticated, service_role;
grant usage on schema money to anon;

grant execute on function
money.document_to_draw(uuid),
money.record_document_file(uuid, text, text, bigint, text)
to worker;
