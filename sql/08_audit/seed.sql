-- The months of the trail, as far as they are due.
select private.keep_audit_months();
