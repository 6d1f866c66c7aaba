-- pgmq, the queues inside the database. The schema's objects come before this file: from the extension
-- where the host has it, else from the SQL that the PyPI package pgmq carries. Here is only who may use
-- them: nobody, until a domain grants a queue to `worker` or `edge`. The schema is never exposed.

create schema if not exists pgmq;
revoke all on schema pgmq from public;
revoke execute on all functions in schema pgmq from public;
