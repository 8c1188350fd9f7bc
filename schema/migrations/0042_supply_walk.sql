-- More of the walk of a prepaid supply: a notice that was served, a second notice before a cut, and a meter that was permitted to close
-- and waits for its customer's press.
alter table sanbiao.supply drop constraint supply_state_check;
alter table sanbiao.supply add constraint supply_state_check check (state in ('normal', 'warned_1', 'warned_2', 'notice_served', 'cut_due',
  'cut_sent', 'cut', 'reconnect_due', 'reconnect_sent', 'close_permitted', 'unknown'));
-- When the second notice was given, if that is after the second warning.
alter table sanbiao.supply add column second_notice_at timestamptz;
