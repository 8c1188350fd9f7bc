-- A check meter: a second meter on the same supply, against which the first is judged every night. An event of the meter's
-- life like the others; the newest one counts, `detail.check` is the other meter's id or null.
alter table sanbiao.meter_event drop constraint meter_event_kind_check;
alter table sanbiao.meter_event add constraint meter_event_kind_check check (kind in
  ('registered', 'installed', 'exchanged', 'removed', 'ratio', 'seal_fixed', 'seal_broken', 'calibrated', 'check_meter'));
